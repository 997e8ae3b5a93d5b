"""The code behind a program, as a hash: fetched once, and again only when it was deployed anew.

The head of the program data account (slot of the last deployment, upgrade authority) is part of every reading; the
code, which may be large, is fetched only for a head that was not seen yet.
"""

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

        asked = Call(call.method, call.params, parse)
        (found,) = await self._quorum.agree([asked], f"the code in {program_data}")
        if isinstance(found, Unreadable):
            raise found
        now: bytes
        hashed: str
        now, hashed = found
        if now != head:
            raise Unreadable(f"the program in {program_data} was deployed anew since the reading")
        self._known[program_data, head] = hashed
        return hashed
