"""Each test that docs/faults.md names exists, and the rows that this family must show have one."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<id>[A-Z]\d+) \|.*\| (?P<shown>[^|]*)\|$", re.MULTILINE)
INCIDENT = re.compile(r"^\| (?P<what>[^|]*\)) \| (?P<shown>[^|]*)\|$", re.MULTILINE)
RUST_TEST = re.compile(r"#\[test\]\s+fn (\w+)\(")
NAMED = re.compile(r"`(?P<place>[\w./]+)::(?P<test>\w+)`")
SHOWN = (
    {f"R{i}" for i in range(1, 10)}
    | {"S1", "S2"}
    | {"M1", "M4", "M5", "M6", "N2", "D1", "D2"}
    | {f"X{i}" for i in range(1, 7)}
    | {f"V{i}" for i in range(1, 14)}
)
ROWS_OF_FAMILIES = {
    "solana": {"S1", "S2", "V10", "V11", "V13"}
    | {f"R{i}" for i in range(1, 9)}
    | {f"X{i}" for i in range(1, 7)}
    | {f"V{i}" for i in range(1, 5)},
    "cosmos": {"C1", "C2", "V10", "V11", "V14"}
    | {f"R{i}" for i in range(1, 9)}
    | {f"X{i}" for i in range(1, 7)}
    | {f"V{i}" for i in range(1, 5)},
}
PLACES_OF_FAMILIES = {"solana": ("tests/chains/solana",), "cosmos": ("tests/chains/cosmos", "contracts/cosmos")}
TEXT = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


@cache
def defined(place: str) -> frozenset[str]:
    """Names of the tests in a folder of Python tests, with the names of its files; in one file of contract tests in
    Solidity; or in a crate, which its folder names."""
    if place.endswith(".t.sol"):
        source = (ROOT / "contracts" / "evm" / "test" / place).read_text(encoding="utf-8")
        return frozenset(re.findall(r"function (test\w*|invariant\w*)\(", source))
    if place.startswith("contracts/"):
        sources = (file.read_text(encoding="utf-8") for file in (ROOT / place / "tests").rglob("*.rs"))
        return frozenset(test for source in sources for test in RUST_TEST.findall(source))
    found = set()
    for file in (ROOT / place).rglob("test_*.py"):
        found |= {file.stem, *re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))}
    return frozenset(found)


@pytest.mark.parametrize("named", sorted(set(NAMED.findall(TEXT))), ids="::".join)
def test_a_named_test_exists(named: tuple[str, str]) -> None:
    place, test = named
    assert test in defined(place)


@pytest.mark.parametrize("row", sorted(SHOWN))
def test_a_row_that_must_be_shown_names_a_test(row: str) -> None:
    rows = {match["id"]: match["shown"] for match in ROW.finditer(TEXT)}
    assert NAMED.search(rows[row])


@pytest.mark.parametrize(("family", "row"), sorted((f, row) for f, rows in ROWS_OF_FAMILIES.items() for row in rows))
def test_a_row_names_a_test_of_each_family_that_must_show_it(family: str, row: str) -> None:
    rows = {match["id"]: match["shown"] for match in ROW.finditer(TEXT)}
    assert f"`tests/chains/{family}" in rows[row]


@pytest.mark.parametrize("family", sorted(PLACES_OF_FAMILIES))
@pytest.mark.parametrize("incident", sorted(match["what"] for match in INCIDENT.finditer(TEXT)))
def test_an_incident_names_a_test_of_each_family(family: str, incident: str) -> None:
    (shown,) = (match["shown"] for match in INCIDENT.finditer(TEXT) if match["what"] == incident)
    assert any(f"`{place}" in shown for place in PLACES_OF_FAMILIES[family])


def test_incidents_are_found() -> None:
    table = TEXT.split("| incident | shown by |\n|---|---|\n")[1]
    assert len(INCIDENT.findall(TEXT)) == sum(line.startswith("| ") for line in table.splitlines()) > 0
