"""Errors of the JSON-RPC interface: JSON-RPC 2.0's own codes and the Solana documentation's (rpc-client-api).

Codes that a local chain never answers with, because it has neither snapshots nor long-term storage nor secondary
indexes: -32003 and -32006 (a validator of this version reports them as preflight failures too), -32008 to -32014.
"""

from chains.solana.node.landed import Json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class RpcError(Exception):
    """Answered to the client as it is."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def json(self) -> Json:
        """The error object of JSON-RPC 2.0."""
        plain: dict[str, Json] = {"code": self.code, "message": self.message}
        return plain if self.data is None else {**plain, "data": self.data}


def invalid_params(text: str, data: Json = None) -> RpcError:
    return RpcError(INVALID_PARAMS, text, data)


def block_cleaned_up(slot: int, first: int) -> RpcError:
    return RpcError(-32001, f"Block {slot} cleaned up, does not exist on node. First available block: {first}")


def preflight_failure(reason: str, simulation: Json) -> RpcError:
    return RpcError(-32002, f"Transaction simulation failed: {reason}", simulation)


def block_not_available(slot: int) -> RpcError:
    return RpcError(-32004, f"Block not available for slot {slot}")


def node_unhealthy(slots_behind: int) -> RpcError:
    return RpcError(-32005, f"Node is behind by {slots_behind} slots", {"numSlotsBehind": slots_behind})


def slot_skipped(slot: int) -> RpcError:
    return RpcError(-32007, f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot")


def unsupported_version(version: int) -> RpcError:
    return RpcError(
        -32015,
        f"Transaction version ({version}) is not supported by the requesting client. Please try the request again with"
        f' the following configuration parameter: "maxSupportedTransactionVersion": {version}',
    )


def min_context_slot(slot: int) -> RpcError:
    return RpcError(-32016, "Minimum context slot has not been reached", {"contextSlot": slot})


def signature_not_found(signature: object) -> RpcError:
    return RpcError(-32020, f"Transaction {signature} not found")
