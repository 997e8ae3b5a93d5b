"""The shared vectors for contracts of a real chain: the same cases, signed for another domain and for now.

Who is addressed follows from a contract's address, and the chain's clock is not ours to set, so the committed bytes
would all be refused for their domain. contracts/vectors makes the same cases for any leaf; that they are the same, by
their names and errors, is checked here.
"""

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chains.cosmos.errors import ERRORS
from chains.encoding import Handover, MintCap
from tests.chains.cosmos.contract.gate import LEASE, MAX_LEASE, Gate
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.vectors import NAMES, own_checks, proof_error, taken
from tests.encoding.vector_files import FOLDER, Case, number, raw

NUMBERS = {name: code for code, name in ERRORS.items()}
_FLIPPED_R = "r_bit_"


def _generator(name: str) -> Any:
    # The generators are scripts beside the vectors, in no package.
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


CERTIFICATES, HANDOVERS = _generator("certificate_cases"), _generator("handover_cases")
MATERIAL = _generator("material")


@dataclass(frozen=True, slots=True)
class Committee:
    """What a case's gate holds: key and epoch."""

    px: bytes
    parity: int
    epoch: int

    @classmethod
    def of(cls, case: Case) -> "Committee":
        return cls(raw(case, "px"), number(case, "parity"), number(case, "epoch"))


@dataclass(frozen=True, slots=True)
class Judged:
    """A case for the contract of `gate`, and the error that it must end with; empty where it is accepted."""

    case: Case
    gate: Gate
    error: str


def mint_cap(gate: Gate, now: int) -> MintCap:
    leaf: MintCap = MATERIAL.MINT_CAP
    return replace(leaf, domain=gate.domain, observed_at=now - 10, expires_at=now + LEASE)


def handover(gate: Gate, now: int) -> Handover:
    leaf: Handover = MATERIAL.HANDOVER
    return replace(leaf, domain=gate.domain, expires_at=now + LEASE)


class Signed:
    """The cases of one file, for contracts that hold what the cases ask for. `label` keeps their addresses apart."""

    def __init__(self, file: str, ledger: Ledger) -> None:
        self._file, self._ledger, self._now = file, ledger, ledger.now()
        self._committed = _verdicts(taken(file))
        self._made = dict[bytes, dict[str, Case]]()

    def refused(self) -> list[Judged]:
        """One contract for each committee that occurs."""
        gates = dict[Committee, Gate]()
        found = list[Judged]()
        for committed in taken(self._file):
            if committed["valid"]:
                continue
            committee = Committee.of(committed)
            gate = gates.setdefault(committee, self._gate(f"refused {len(gates)}"))
            # A gate of another domain is one of its own here, to which the other's statement comes.
            ours = committed["domain"] == self._own_domain
            case = self._cases(gate if ours else self._gate("elsewhere"))[committed["name"]]
            found.append(Judged(case, gate, self._error(case, gate)))
        return found

    def valid(self) -> list[Judged]:
        """A contract of its own for each, which has taken nothing before."""
        names = [name for name, error in self._committed.items() if not error]
        gates = {name: self._gate(f"valid {name}") for name in names}
        cases = {name: self._cases(gate)[name] for name, gate in gates.items()}
        return [Judged(cases[name], gates[name], self._error(cases[name], gates[name])) for name in names]

    @property
    def _own_domain(self) -> str:
        domain: bytes = (MATERIAL.MINT_CAP if self._file == "certificates.json" else MATERIAL.HANDOVER).domain
        return "0x" + domain.hex()

    def _gate(self, label: str) -> Gate:
        # The domain decides the leaf's place in its tree, on which it depends how long the branch is.
        for attempt in range(100):
            gate = Gate(self._ledger, f"{self._file} {label} {attempt}", route=MATERIAL.MINT_CAP.route)
            if _verdicts(self._cases(gate).values()) == self._committed:
                return gate
        raise AssertionError(f"{self._file}: other cases than those that are committed")

    def _cases(self, gate: Gate) -> dict[str, Case]:
        if gate.domain not in self._made:
            of_mint_cap = self._file == "certificates.json"
            made = CERTIFICATES if of_mint_cap else HANDOVERS
            leaf = mint_cap(gate, self._now) if of_mint_cap else handover(gate, self._now)
            cases = [case for case in (*made.valid(leaf), *made.refused(leaf)) if case["scope"] == "all"]
            self._made[gate.domain] = {case["name"]: case for case in cases}
        return self._made[gate.domain]

    def _error(self, case: Case, gate: Gate) -> str:
        if case["error"] == "bad_proof":
            return proof_error(case)
        found = [NAMES[case["error"]]]
        if self._file == "certificates.json":
            found += own_checks(raw(case, "statement"), self._now, MAX_LEASE)
        return min((error for error in found if error), key=NUMBERS.__getitem__, default="")


def _verdicts(cases: Iterable[Case]) -> dict[str, str]:
    # Whether R with a flipped bit is still a point differs from one signature to the other.
    return {case["name"]: "either" if _FLIPPED_R in case["name"] else case["error"] for case in cases}
