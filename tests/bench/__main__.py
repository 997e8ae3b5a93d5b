"""Runs every module of this folder that has `figures()`: `python -m tests.bench [WORD...]`.

`figures()` returns a list of {name, value, unit, peer, ratio}: `peer` is the same work done by something else in the
same run and `ratio` is value / peer, both null where there is nothing to compare with. One line per figure goes to
stdout, all of them to build/bench.json. With words only the modules whose names contain one of them are run, and the
file is left alone. A module that fails fails the run, after the others have had their turn.
"""

import importlib
import json
import pkgutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "build" / "bench.json"
KEYS = {"name", "value", "unit", "peer", "ratio"}


def main(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended, as after Ctrl-C
    names = sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith("_"))
    collected: list[dict[str, Any]] = []
    failed: list[str] = []
    for name in names:
        if words and not any(word in name for word in words):
            continue
        try:
            figures = getattr(importlib.import_module(f"tests.bench.{name}"), "figures", None)
            if figures is None:
                continue
            print(f"measuring {name}", file=sys.stderr, flush=True)
            for figure in figures():
                if set(figure) != KEYS:
                    raise ValueError(f"a figure has the keys {sorted(figure)}, not {sorted(KEYS)}")
                collected.append(figure)
                print(_line(figure), flush=True)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    if not words:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(collected, indent=2) + "\n", encoding="utf-8")
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _line(figure: dict[str, Any]) -> str:
    line = f"{figure['name']:<36} {_number(figure['value']):>12} {figure['unit']}"
    if figure["peer"] is not None:
        line += f"   peer {_number(figure['peer'])}"
    if figure["ratio"] is not None:
        line += f"   ratio {figure['ratio']:.2f}"
    return line


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
