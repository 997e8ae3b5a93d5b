"""The virtual machine and a real validator side by side: what one does with a transaction, the other does.

Everything is set up in the virtual machine, becomes a validator's genesis, and goes on in both from there.
"""

import asyncio
import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction
from spl.token.constants import TOKEN_PROGRAM_ID

from chains.solana.addresses import CLOCK_SYSVAR, SYSTEM_PROGRAM
from chains.solana.clock import read_clock
from chains.solana.errors import error_name
from chains.solana.program_logs import failure
from chains.solana.rpc import Account
from tests.chains.solana.program.vm import Outcome, Vm
from tests.chains.solana.validator import QUICK, asked, validator

CONFIRMED = {"commitment": "confirmed"}
BASE64 = {"encoding": "base64"}
OTHER_SECOND = 32
"""Compute units between two runs at different times: whether a second has gone by decides branches of the program."""

_SPENT_BY_TOKENS = re.compile(rf"Program {TOKEN_PROGRAM_ID} consumed (?P<units>[0-9]+) of [0-9]+ compute units")

Signing = Callable[[Hash], Transaction]
"""Makes a transaction, signed, that names this block."""


class Cluster:
    """A validator, asked at `confirmed`. The errors of any of `programs` have their names."""

    def __init__(self, url: str, runner: asyncio.Runner, programs: Iterable[str]) -> None:
        self._url, self._runner, self._programs = url, runner, frozenset(programs)

    def simulated(self, signing: Signing) -> Outcome:
        """What would become of a transaction, its signatures included. What came too late is made anew."""
        options = {"sigVerify": True} | BASE64 | CONFIRMED
        while True:
            value = self._value("simulateTransaction", _wire(signing(self._blockhash())), options)
            if value["err"] != "BlockhashNotFound":
                return self._outcome(value["err"], value["logs"], value["unitsConsumed"])

    def landed(self, signing: Signing) -> Outcome:
        """What became of a transaction. One that no block took is sent anew when none can take it any more."""
        while True:
            blockhash = self._blockhash()
            made = signing(blockhash)
            assert self._asked("sendTransaction", _wire(made), {"skipPreflight": True} | BASE64)
            signature, found, lost = str(made.signatures[0]), None, False
            while found is None and not lost:
                self._runner.run(asyncio.sleep(0.02))
                valid = self._value("isBlockhashValid", str(blockhash), CONFIRMED)
                # A block has it a little before its outcome can be asked for.
                (status,) = self._value("getSignatureStatuses", [signature])
                found = self._asked("getTransaction", signature, CONFIRMED)
                lost = not valid and status is None
            if found is not None:
                meta = found["meta"]
                return self._outcome(meta["err"], meta["logMessages"], meta["computeUnitsConsumed"])

    def account(self, address: str) -> Account:
        found = self._value("getAccountInfo", address, BASE64 | CONFIRMED)
        data = base64.b64decode(found["data"][0])
        return Account(found["lamports"], found["owner"], data, found["executable"])

    @property
    def now(self) -> int:
        return read_clock(self.account(CLOCK_SYSVAR)).time

    def _blockhash(self) -> Hash:
        return Hash.from_string(self._value("getLatestBlockhash", CONFIRMED)["blockhash"])

    def _value(self, method: str, *params: Any) -> Any:
        answer = self._asked(method, *params)
        assert answer is not None, f"{method}: no answer"
        return answer["value"]

    def _asked(self, method: str, *params: Any) -> Any:
        return self._runner.run(asked(self._url, method, *params))

    def _outcome(self, error: object, logs: Sequence[str], units: int) -> Outcome:
        found = failure(logs)
        ours = found.program if found and found.program in self._programs else ""
        return Outcome(error_name(error, logs, ours), tuple(logs), units)


class Twin(Vm):
    """A virtual machine that is followed by a cluster, once there is one.

    What the machine takes lands in the cluster as well; what it refuses is only simulated there. The outcomes have to
    agree each time.
    """

    def __init__(self) -> None:
        self._named = set[Pubkey]()
        self.cluster: Cluster | None = None
        super().__init__()

    def send(
        self, *instructions: Instruction, signers: Iterable[Keypair] = (), payer: Keypair | None = None
    ) -> Outcome:
        fees, others = payer or self.payer, tuple(signers)
        ours = super().send(*instructions, signers=others, payer=fees)
        self._named |= {meta.pubkey for made in instructions for meta in made.accounts}
        if self.cluster is not None:
            follow = self.cluster.landed if ours.ok else self.cluster.simulated
            agree(ours, follow(_signing(instructions, fees, others)))
        return ours

    def would_succeed(self, *instructions: Instruction, signers: Iterable[Keypair]) -> bool:
        """Whether the cluster would take it. Nothing changes."""
        assert self.cluster is not None
        return self.cluster.simulated(_signing(instructions, self.payer, tuple(signers))).ok

    def genesis(self) -> Mapping[str, Account]:
        """All keys, and all accounts that were named so far, but for programs and what the runtime makes itself."""
        kept = {SYSTEM_PROGRAM, str(TOKEN_PROGRAM_ID), *self._deployed}
        found = {}
        for address in self._named | {key.pubkey() for key in self._keys.values()}:
            account = self.svm.get_account(address)
            if account and account.lamports and not account.executable and str(account.owner) in kept:
                found[str(address)] = Account(account.lamports, str(account.owner), bytes(account.data), False)
        return found

    @contextmanager
    def followed(self, programs: Mapping[str, tuple[Path, Keypair]], directory: Path) -> Iterator[Cluster]:
        """Goes on beside a validator that has everything from its genesis on: `programs` by their artifact and by who
        may upgrade them, the rest as it is now."""
        named = list[str]()
        for program, (artifact, authority) in programs.items():
            named += ("--upgradeable-program", program, str(artifact), str(authority.pubkey()))
        with asyncio.Runner() as runner:
            running = validator(self.genesis(), directory, *QUICK, *named)
            url = runner.run(_entered(running))
            try:
                self.cluster = Cluster(url, runner, programs)
                self.warp(self.cluster.now)
                yield self.cluster
            finally:
                runner.run(_left(running))


def agree(ours: Outcome, theirs: Outcome) -> None:
    """The error and all events are the same, and the compute units but for what tells the two apart."""
    assert theirs.error == ours.error, "\n".join(theirs.logs)
    assert _events(theirs) == _events(ours)
    assert abs(_own_units(theirs) - _own_units(ours)) <= OTHER_SECOND, (ours.logs, theirs.logs)


def _events(outcome: Outcome) -> list[str]:
    return [entry for entry in outcome.logs if entry.startswith("Program data: ")]


def _own_units(outcome: Outcome) -> int:
    """Without those of the token program: which build of it a validator has is not ours to choose."""
    spent = (_SPENT_BY_TOKENS.fullmatch(entry) for entry in outcome.logs)
    return outcome.units - sum(int(match["units"]) for match in spent if match)


async def _entered(running: Any) -> str:
    url: str = await running.__aenter__()
    return url


async def _left(running: Any) -> None:
    await running.__aexit__(None, None, None)


def _signing(instructions: Sequence[Instruction], fees: Keypair, signers: Sequence[Keypair]) -> Signing:
    keys = {key.pubkey(): key for key in (fees, *signers)}

    def signed(blockhash: Hash) -> Transaction:
        message = Message.new_with_blockhash(list(instructions), fees.pubkey(), blockhash)
        by = message.account_keys[: message.header.num_required_signatures]
        return Transaction([keys[key] for key in by], message, blockhash)

    return signed


def _wire(transaction: Transaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()
