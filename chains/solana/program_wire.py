"""Little-endian fields, as the program and the token programs lay them out. Errors are `EncodingError`."""

from chains.solana import addresses
from chains.wire import EncodingError, Reader, Writer


class LittleReader(Reader):
    """`chains.wire.Reader` with the integers' bytes in Solana's order."""

    def uint(self, name: str, size: int) -> int:
        return int.from_bytes(self.fixed(name, size), "little")

    def u128(self, name: str) -> int:
        return self.uint(name, 16)

    def within(self, name: str, value: int, low: int, high: int) -> int:
        """`value`, which must be from `low` to `high`."""
        if not low <= value <= high:
            raise EncodingError(f"{name}: {value}, expected {low} to {high}")
        return value

    def address(self, name: str) -> str:
        return addresses.to_text(self.b32(name))

    def zeros(self, name: str, size: int) -> None:
        if any(self.fixed(name, size)):
            raise EncodingError(f"{name}: must be zero")


class LittleWriter(Writer):
    """`chains.wire.Writer` with the integers' bytes in Solana's order."""

    def uint(self, name: str, value: int, size: int) -> Writer:
        if not 0 <= value < 1 << (8 * size):
            raise EncodingError(f"{name}: {value} does not fit u{8 * size}")
        return self.fixed(name, value.to_bytes(size, "little"), size)

    def u128(self, name: str, value: int) -> Writer:
        return self.uint(name, value, 16)

    def address(self, name: str, value: str) -> Writer:
        return self.b32(name, addresses.to_bytes(value))
