"""Contract calls as bytes: web3's contract objects encode arguments, its codec decodes results and errors.

The ABIs of Ballast's own contracts come from the committed artifacts; of foreign tokens only what ERC-20 (EIP-20) says
is used. Importing this module imports web3; it is imported when a chain is opened, not before.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.exceptions import DecodingError
from web3 import AsyncWeb3

from chains.errors import ChainError
from chains.evm.addresses import checksummed
from chains.hashing import keccak256
from chains.values import BadValue

_W3: AsyncWeb3[Any] = AsyncWeb3()
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_ARTIFACTS = files("chains.evm").joinpath("artifacts")


def _view(name: str, inputs: Sequence[str], output: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view",
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": output}],
    }


def _write(name: str, inputs: Sequence[str]) -> dict[str, Any]:
    return {**_view(name, inputs, "bool"), "stateMutability": "nonpayable"}


ERC20 = [
    _view("decimals", [], "uint8"),
    _view("totalSupply", [], "uint256"),
    _view("balanceOf", ["address"], "uint256"),
    _view("allowance", ["address", "address"], "uint256"),
    _write("transfer", ["address", "uint256"]),
    _write("approve", ["address", "uint256"]),
]


class Interface:
    """Encodes calls to a contract and decodes what comes back. Overloaded functions are named by their signature.
    Addresses are lower-case hex, in both directions."""

    def __init__(self, abi: Sequence[Mapping[str, Any]]) -> None:
        self._abi = abi
        self._contract = _W3.eth.contract(abi=list(abi))

    def call(self, function: str, *args: Any) -> bytes:
        """Selector and arguments."""
        return bytes.fromhex(str(self._contract.encode_abi(function, _spelled(args)))[2:])

    def result(self, function: str, output: bytes) -> tuple[Any, ...]:
        """The function's results, one per declared output. Raises `BadValue` for bytes that are not exactly these."""
        types = [_type(output) for output in self._element("function", function)["outputs"]]
        try:
            values: tuple[Any, ...] = _W3.codec.decode(types, output)
        except (DecodingError, OverflowError, ValueError) as error:
            raise BadValue(f"{function}: the result does not decode ({type(error).__name__})") from None
        if _W3.codec.encode(types, values) != output:
            raise BadValue(f"{function}: the result is not canonically encoded")
        return tuple(v.lower() if kind == "address" else v for kind, v in zip(types, values, strict=True))

    def selectors(self) -> dict[bytes, str]:
        """The errors that the contract declares, by their 4-byte selectors."""
        return {_selector(e): str(e["name"]) for e in self._abi if e.get("type") == "error"}

    def _element(self, kind: str, name: str) -> Mapping[str, Any]:
        for element in self._abi:
            if element.get("type") == kind and name in (element["name"], _signature(element)):
                return element
        raise ChainError(f"the contract's interface has no {kind} {name}")


def constructor(artifact: str, *args: Any) -> bytes:
    """Deployment code of one of Ballast's contracts: its bytecode with the encoded arguments."""
    loaded = _artifact(artifact)
    contract = _W3.eth.contract(abi=loaded["abi"], bytecode=loaded["bytecode"])
    return bytes.fromhex(str(contract.constructor(*_spelled(args)).data_in_transaction)[2:])


@cache
def interface(artifact: str) -> Interface:
    """The interface of one of Ballast's contracts, by the name of its artifact, for example "Gate"."""
    return Interface(_artifact(artifact)["abi"])


@cache
def erc20() -> Interface:
    """What EIP-20 says of any token."""
    return Interface(ERC20)


@cache
def flag(signature: str) -> Interface:
    """The interface of one view `name()` or `name(address)` that returns a bool."""
    name, _, argument = signature.rstrip(")").partition("(")
    return Interface([_view(name, [argument] if argument else [], "bool")])


@cache
def _errors() -> dict[bytes, str]:
    names = sorted(p.name[: -len(".json")] for p in _ARTIFACTS.iterdir() if p.name.endswith(".json"))
    return {selector: name for artifact in names for selector, name in interface(artifact).selectors().items()}


def error_name(revert_data: bytes) -> str:
    """The name of the custom error in a revert's data; the text of `Error(string)`; `Panic(code)`; or the selector.

    "reverted" where the contract gave no reason.
    """
    selector, rest = revert_data[:4], revert_data[4:]
    if not selector:
        return "reverted"
    if selector == _ERROR_STRING:
        try:
            return str(_W3.codec.decode(["string"], rest)[0])[:200]
        except (DecodingError, OverflowError, ValueError):
            return "reverted"
    if selector == _PANIC and len(rest) == 32:
        return f"Panic(0x{int.from_bytes(rest, 'big'):02x})"
    return _errors().get(selector, f"0x{selector.hex()}")


_ERROR_STRING = keccak256(b"Error(string)")[:4]
_PANIC = keccak256(b"Panic(uint256)")[:4]


@cache
def _artifact(name: str) -> dict[str, Any]:
    path = _ARTIFACTS.joinpath(f"{name}.json")
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ChainError(f"the contract artifact {name}.json is missing or broken; reinstall Ballast") from error
    return loaded


def _spelled(value: Any) -> Any:
    # web3 takes addresses in their EIP-55 spelling only.
    if isinstance(value, (tuple, list)):
        return tuple(_spelled(one) for one in value)
    return checksummed(value) if isinstance(value, str) and _ADDRESS.fullmatch(value) else value


def _signature(element: Mapping[str, Any]) -> str:
    return f"{element['name']}({','.join(_type(i) for i in element.get('inputs', ()))})"


def _selector(element: Mapping[str, Any]) -> bytes:
    return keccak256(_signature(element).encode("ascii"))[:4]


def _type(parameter: Mapping[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(c) for c in parameter['components'])}){kind[len('tuple') :]}"
