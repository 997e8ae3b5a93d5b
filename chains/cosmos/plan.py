"""What a reading asks the chain for: entries of stores, each with its proof, and where nothing can be proven queries.

What a later question is hangs on earlier answers: under which code id a contract's checksum stands, what the token
factory is called. So plans take the facts that are known and give all questions that follow from them, in an order in
which what is already there keeps its place. Readers ask until nothing new follows; a proof carries its entries in just
that order. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from chains.cosmos import protobuf, state, stores
from chains.cosmos.addresses import account_bytes, denomination
from chains.cosmos.options import PositionOptions
from chains.errors import ProofError
from chains.types import Deployment, Position


@lru_cache(1 << 14)
def _bytes(address: str) -> bytes:
    # Each address is needed again and again.
    return account_bytes(address)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key in a module's store."""

    store: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """A gRPC method's full name, and its request in protobuf."""

    path: str
    request: bytes


Question: TypeAlias = Entry | Query

Facts = Mapping[Question, bytes | None]
"""Answers. None: an entry that is not there, or a query that the chain refuses. What is no key was not asked, or could
not be read."""

Plan = Callable[[Facts], tuple[Question, ...]]


def of_position(position: Position, facts: Facts) -> tuple[Entry, ...]:
    """What the amount of a position rests on. Raises `ValueError` for addresses that name no contract."""
    options = position.options
    assert isinstance(options, PositionOptions)
    denom, contracts = denomination(position.asset), list[str]()
    if denom is not None:
        entries = [supply(denom), balance(position)]
    else:
        token = position.asset.asset
        contracts.append(token)
        entries = [contract(token), token_info(token), balance(position)]
    if options.vault_checksum is not None:
        contracts.append(position.account.address)
        entries.append(contract(position.account.address))
    return tuple(dict.fromkeys([*entries, *_codes(contracts, facts)]))


def of_deployment(deployment: Deployment, facts: Facts) -> tuple[Question, ...]:
    """What the state of a deployment rests on. Raises `ValueError` for addresses that name no contract."""
    gate, denom = deployment.gate.address, denomination(deployment.token)
    contracts, questions = [gate], list[Question]([contract(gate), statement(deployment), gate_record(deployment)])
    if denom is not None:
        questions += [supply(denom), contract_record(gate)]
    else:
        token = deployment.token.asset
        contracts.append(token)
        questions += [contract(token), token_info(token)]
    questions += _codes(contracts, facts)
    authority = None if denom is None else denomination_authority(gate, denom, facts)
    return tuple(dict.fromkeys([*questions, *([authority] if authority else [])]))


def supply(denom: str) -> Entry:
    return Entry(stores.BANK, stores.supply_key(denom))


def balance(position: Position) -> Entry:
    """Where what the position holds stands, be it in the bank's store or in the cw20 contract's."""
    denom, holder = denomination(position.asset), position.account.address
    if denom is not None:
        return Entry(stores.BANK, stores.balance_key(_bytes(holder), denom))
    return Entry(stores.WASM, stores.cw20_balance_key(_bytes(position.asset.asset), holder))


def metadata(denom: str) -> Entry:
    return Entry(stores.BANK, stores.metadata_key(denom))


def contract(address: str) -> Entry:
    return Entry(stores.WASM, stores.contract_key(_bytes(address)))


def token_info(address: str) -> Entry:
    return Entry(stores.WASM, stores.cw20_supply_key(_bytes(address)))


def contract_record(gate: str) -> Entry:
    return Entry(stores.WASM, state.key(_bytes(gate), state.CONTRACT))


def committee(gate: str) -> Entry:
    return Entry(stores.WASM, state.key(_bytes(gate), state.COMMITTEE))


def statement(deployment: Deployment) -> Entry:
    return _of_route(deployment, state.STATEMENT)


def gate_record(deployment: Deployment) -> Entry:
    return _of_route(deployment, state.GATE)


def minters(deployment: Deployment) -> Entry:
    return _of_route(deployment, state.MINTERS)


def code(address: str, facts: Facts) -> Entry | None:
    """Where the checksum of a contract's code stands; None while it is not known which code it has."""
    value = facts.get(contract(address))
    try:
        return None if value is None else Entry(stores.WASM, stores.code_key(stores.contract_info(value).code_id))
    except ProofError:
        return None


def denomination_authority(gate: str, denom: str, facts: Facts) -> Query | None:
    """Who may mint a denomination, which only its module can say; None while it is not known what that is called.
    Source: osmosis/tokenfactory/v1beta1, query.proto."""
    value = facts.get(contract_record(gate))
    try:
        factory = None if value is None else state.contract(value).token_factory
    except ProofError:
        return None
    if factory is None:
        return None
    return Query(f"{factory}Query/DenomAuthorityMetadata", protobuf.data(1, denom.encode("ascii")))


def _of_route(deployment: Deployment, tag: bytes) -> Entry:
    return Entry(stores.WASM, state.key(_bytes(deployment.gate.address), tag, deployment.route))


def _codes(contracts: list[str], facts: Facts) -> Iterator[Entry]:
    # All or none, so that a proof's entries stand in one order, whatever is known when.
    found = [code(address, facts) for address in contracts]
    if all(contract(address) in facts for address in contracts):
        yield from (entry for entry in found if entry is not None)
