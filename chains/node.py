"""One node that its user trusts: no quorum, but nothing counts before it has shown that it serves the right chain."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions
from chains.errors import Refused, Unreadable
from chains.jsonrpc import Call, Endpoint, EndpointError, Judge, Limits, NotJsonRpc, Transport
from chains.quorum import Admission
from chains.secrets import target


class Node:
    """`url` and `headers` may carry keys. Connects lazily. Raises `Refused` for secrets that cannot be resolved."""

    def __init__(
        self,
        url: SecretStr | str,
        headers: Mapping[str, SecretStr] | None,
        limits: Limits,
        judge: Judge,
        admission: Admission,
    ) -> None:
        hidden = url if isinstance(url, SecretStr) else SecretStr(url)
        one = EndpointOptions(name="node", url=hidden, headers=dict(headers or {}))
        self._transport, self._admission = Transport(), admission
        self._endpoint = Endpoint(target(one), self._transport, limits, judge)

    async def ask(self, *asked: Call) -> tuple[Any, ...]:
        """One parsed value per call. Raises `Refused` if the node serves another chain or is none, `Unreadable` if it
        does not answer."""
        standing = self._endpoint.standing
        try:
            if not standing.admitted:
                reason = self._admission.refusal(await self._endpoint.ask(self._admission.calls))
                if reason:
                    raise Refused(f"the node {reason}")
                standing.admitted = True
            return await self._endpoint.ask(asked)
        except NotJsonRpc as error:
            raise Refused(f"the node: {error}; {self._admission.expected}") from None
        except EndpointError as error:
            ask = "; is it running, is its URL right?" if error.kind == "failing" else ""
            raise Unreadable(f"the node: {error}{ask}") from None

    async def close(self) -> None:
        await self._transport.close()
