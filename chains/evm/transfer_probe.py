"""A few instructions that try a token transfer inside eth_call, to see whether the receiver is credited what is sent.

They stand in the vault's place by a state override and are given token | sink (32 bytes each). They read the vault's
own balance, transfer all of it to the sink, and return balance | growth of the sink's balance (32 bytes each); they
revert where the token does. Any EVM since Byzantium knows the instructions.
"""

from chains.hashing import keccak256

SINK = keccak256(b"ballast/transfer-probe")[12:]
"""An address that nobody can hold: 20 bytes of a hash."""

_MSTORE, _MLOAD, _CALLDATALOAD, _ADDRESS, _GAS = 0x52, 0x51, 0x35, 0x30, 0x5A
_CALL, _STATICCALL, _SUB, _JUMPI, _JUMPDEST, _RETURN, _REVERT = 0xF1, 0xFA, 0x03, 0x57, 0x5B, 0xF3, 0xFD
_BALANCE_OF, _TRANSFER = keccak256(b"balanceOf(address)")[:4], keccak256(b"transfer(address,uint256)")[:4]


def _push(value: int) -> bytes:
    return bytes([0x60, value])


def _store_selector(selector: bytes) -> bytes:
    return bytes([0x7F]) + selector.ljust(32, b"\0") + _push(0) + bytes([_MSTORE])


def _assembled() -> bytes:
    code = b""

    def or_revert() -> bytes:
        # Jumps over a revert when the call returned 1.
        return (
            b"\x61"
            + (len(code) + 9).to_bytes(2, "big")
            + bytes([_JUMPI])
            + _push(0)
            + _push(0)
            + bytes([_REVERT, _JUMPDEST])
        )

    def balance(holder: bytes, to: int) -> bytes:
        call = _push(32) + _push(to) + _push(36) + _push(0) + _push(0) + bytes([_CALLDATALOAD, _GAS, _STATICCALL])
        return _store_selector(_BALANCE_OF) + holder + _push(4) + bytes([_MSTORE]) + call

    own, sink = bytes([_ADDRESS]), _push(32) + bytes([_CALLDATALOAD])
    for holder, to in ((own, 0x80), (sink, 0xA0)):
        code += balance(holder, to)
        code += or_revert()
    code += _store_selector(_TRANSFER) + sink + _push(4) + bytes([_MSTORE])
    code += _push(0x80) + bytes([_MLOAD]) + _push(36) + bytes([_MSTORE])
    code += _push(0) + _push(0) + _push(68) + _push(0) + _push(0) + _push(0) + bytes([_CALLDATALOAD, _GAS, _CALL])
    code += or_revert()
    code += balance(sink, 0xC0)
    code += or_revert()
    code += _push(0xA0) + bytes([_MLOAD]) + _push(0xC0) + bytes([_MLOAD, _SUB]) + _push(0xA0) + bytes([_MSTORE])
    return code + _push(64) + _push(0x80) + bytes([_RETURN])


PROBE = _assembled()
