"""Whether a contract is the one that the configuration pins: its code's checksum, and who may migrate it. Pure."""

from collections.abc import Iterator, Mapping

from chains.cosmos import plan, stores
from chains.cosmos.findings import Finding
from chains.cosmos.options import NOBODY
from chains.cosmos.plan import Facts
from chains.errors import ProofError


def unlike_pins(what: str, address: str, facts: Facts, pins: Mapping[str, str | None]) -> Iterator[Finding]:
    """What is wrong with the contract at `address`. `pins`: settings and what they pin: first the checksum, then, if
    it is pinned, the admin."""
    info = facts[plan.contract(address)]
    if info is None:
        yield Finding(f"{what}: there is no contract {address}")
        return
    entry = plan.code(address, facts)
    code = None if entry is None else facts[entry]
    try:
        kept = stores.contract_info(info)
        if code is None:
            yield Finding(f"{what}: {address} has the code {kept.code_id}, which the chain does not have")
            return
        actual = [stores.checksum(code).hex(), kept.admin or NOBODY]
    except ProofError as error:
        yield Finding(f"{what}: {address}: {error}")
        return
    for (setting, pinned), found in zip(pins.items(), actual, strict=False):
        if pinned is None:
            yield Finding(f'{setting} is missing; {what} {address} has {setting} = "{found}"')
        elif pinned != found:
            yield Finding(f"{setting}: pinned is {pinned}, {what} {address} has {found}", swapped=True)
