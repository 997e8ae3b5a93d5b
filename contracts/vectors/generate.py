"""Writes the JSON vectors beside this file; `--check` compares them with the committed ones instead.

    python contracts/vectors/generate.py [--check]

The vectors depend on nothing but these modules. README.md documents the format.
"""

import json
import sys
from pathlib import Path

import certificate_cases
import frost_cases
import handover_cases
import statement_cases
import tree_cases
from material import Case

HERE = Path(__file__).resolve().parent
FILES = {
    "frost.json": frost_cases.cases,
    "statements.json": statement_cases.cases,
    "tree.json": tree_cases.cases,
    "certificates.json": certificate_cases.cases,
    "handover.json": handover_cases.cases,
}


def rendered(name: str, cases: list[Case]) -> str:
    """The file's text: one case a line, so that a change shows as the cases that changed."""
    names = [case["name"] for case in cases]
    if len(set(names)) != len(names):
        twice = sorted({str(n) for n in names if names.count(n) > 1})
        raise ValueError(f"{name}: two cases of one name: {', '.join(twice)}")
    return '{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python contracts/vectors/generate.py [--check]\n")
        return 2
    stale = []
    for name, cases in FILES.items():
        path, text = HERE / name, rendered(name, cases())
        if not arguments:
            path.write_text(text, encoding="ascii")
        elif not path.exists() or path.read_text(encoding="ascii") != text:
            stale.append(name)
    if stale:
        sys.stderr.write(
            f"{', '.join(stale)}: not what the generator makes; run python contracts/vectors/generate.py\n"
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
