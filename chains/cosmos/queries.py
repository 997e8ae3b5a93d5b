"""What a node's modules and contracts answer to queries of their own: unproven, for who trusts the node.

Sources: wasmd, proto/cosmwasm/wasm/v1/query.proto; Cosmos SDK, proto/cosmos/base/node/v1beta1/query.proto.
"""

from collections.abc import Mapping
from typing import Any

from chains.cosmos import fees, rpc
from chains.cosmos.messages import encoded
from chains.cosmos.rpc import QueryResult
from chains.errors import Unreadable
from chains.jsonrpc import Call, EndpointError, parse_json
from chains.values import BadValue, shown

_SMART = "/cosmwasm.wasm.v1.Query/SmartContractState"
_CONFIG = "/cosmos.base.node.v1beta1.Service/Config"
_DEEPEST = 16


def smart_query(contract: str, message: Mapping[str, Any], height: int | None = None) -> Call:
    """The bytes of a contract's answer, or `QueryError`."""
    from cosmpy.protos.cosmwasm.wasm.v1.query_pb2 import (
        QuerySmartContractStateRequest,
        QuerySmartContractStateResponse,
    )

    def parse(found: QueryResult) -> bytes:
        return bytes(decoded(QuerySmartContractStateResponse, found.value).data)

    asked = QuerySmartContractStateRequest(address=contract, query_data=encoded(dict(message))).SerializeToString()
    return rpc.abci_query(_SMART, asked, height, parse, errors=True)


def least_prices() -> Call:
    """The lowest prices of gas that the node takes, a tuple of `fees.Price`; empty where it takes transactions free of
    charge."""
    from cosmpy.protos.cosmos.base.node.v1beta1.query_pb2 import ConfigResponse

    def parse(found: QueryResult) -> tuple[fees.Price, ...]:
        text = decoded(ConfigResponse, found.value).minimum_gas_price
        prices = fees.coins(text)
        if prices is None:
            raise BadValue(f"not a price of gas: {shown(text)}")
        return tuple(fees.Price(amount, name) for name, amount in prices.items() if amount)

    return rpc.abci_query(_CONFIG, b"", None, parse)


def document(answer: bytes) -> Any:
    """A contract's answer, JSON taken apart. Raises `Unreadable`."""
    try:
        return parse_json(answer, _DEEPEST)
    except EndpointError as error:
        raise Unreadable(f"a contract's answer: {error}") from None


def decoded(message: Any, value: bytes) -> Any:
    """The protobuf message of this class. Raises `BadValue`."""
    from google.protobuf.message import DecodeError

    try:
        return message.FromString(value)
    except DecodeError:
        raise BadValue(f"not a {message.DESCRIPTOR.name}: {shown(value)}") from None
