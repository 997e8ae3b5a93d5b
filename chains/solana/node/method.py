"""What a method of the interface is: a function over the ledger and its parameters, with how many it takes."""

from collections.abc import Callable
from dataclasses import dataclass

from chains.solana.node.errors import invalid_params
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger

Call = Callable[[Ledger, list[Json]], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """`call` gets `required` + `optional` parameters; those left out are null."""

    call: Call
    required: int = 0
    optional: int = 0

    def __call__(self, ledger: Ledger, params: Json) -> Json:
        """Raises `RpcError`."""
        return self.call(ledger, self.arguments(params))

    def arguments(self, params: Json) -> list[Json]:
        """The parameters of a request, as many as the method takes. Raises `RpcError`."""
        most = self.required + self.optional
        if most == 0 and params not in (None, []):
            raise invalid_params("Invalid parameters: No parameters were expected", repr(params)[:80])
        given = [] if params is None else params
        if not isinstance(given, list):
            raise invalid_params("Invalid params: invalid type: map, expected an array of parameters.")
        if len(given) < self.required and not self.optional:
            size = len(given)
            raise invalid_params(f"Invalid params: invalid length {size}, expected a tuple of size {most}.")
        if len(given) < self.required:
            raise invalid_params(f"`params` should have at least {self.required} argument(s)")
        if len(given) > most:
            text = f"Invalid parameters: Expected from {self.required} to {most} parameters."
            raise invalid_params(text, f'"Got: {len(given)}"')
        return [*given, *[None] * (most - len(given))]
