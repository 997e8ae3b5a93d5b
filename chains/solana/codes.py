"""The code behind a program, as a hash: fetched once, and again only when it was deployed anew.

The head of the program data account (slot of the last deployment, upgrade authority) is part of every reading; the
code, which may be large, is fetched only for a head that was not seen yet.
"""

from collections import Counter
from typing import Any

from chains.errors import Unreadable
from chains.jsonrpc import Call
from chains.quorum import Quorum
from chains.solana import rpc
from chains.solana.plan import PROGRAM_DATA_HEAD
from chains.solana.program_data import code_hash
from chains.solana.rpc import Account
from chains.values import BadValue


class Codes:
    """The hashes of deployed programs, agreed by the quorum. In memory: a restart fetches them anew."""

    def __init__(self, quorum: Quorum) -> None:
        self._quorum = quorum
        self._known: dict[tuple[str, bytes], str] = {}

    async def hash(self, program_data: str, head: bytes) -> str:
        """Of the code in the account at `program_data`, whose head was read as `head`. Raises `Unreadable`."""
        known = self._known.get((program_data, head))
        if known is not None:
            return known
        call = rpc.accounts([program_data])

        def parse(answer: Any) -> tuple[bytes, str]:
            account: Account | None = call.parse(answer).value[0]
            if account is None or len(account.data) <= PROGRAM_DATA_HEAD:
                raise BadValue(f"no program data at {program_data}")
            return account.data[:PROGRAM_DATA_HEAD], code_hash(account.data[PROGRAM_DATA_HEAD:])

        answers = await self._quorum.collect([Call(call.method, call.params, parse)])
        # Endpoints stand at slots of their own: one that tells of another deployment does not lie, it only does not
        # count.
        told: dict[str, str] = {name: hashed for name, ((now, hashed),) in answers.items() if now == head}
        for agreed, count in Counter(told.values()).items():
            if count >= self._quorum.q:
                for name in (name for name, hashed in told.items() if hashed != agreed):
                    self._quorum.accuse(name, f"contradicts the quorum on the code in {program_data}")
                self._known[program_data, head] = agreed
                return agreed
        if len(answers) - len(told) >= self._quorum.q:
            raise Unreadable(f"the program in {program_data} was deployed anew since the reading")
        states = ", ".join(f"{h.name} {h.state}" for h in self._quorum.health())
        raise Unreadable(f"the code in {program_data}: no {self._quorum.q} endpoints agree ({states})")
