"""What an endpoint before the cluster of the tests makes of the truth."""

from collections.abc import Callable
from typing import Any

Lie = Callable[[dict[str, Any], Any], Any]
"""Makes of a call and its true result the one that is told. Raises `RpcError` for an error."""


class RpcError(Exception):
    """What a node answers with in place of a result."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


def tells(address: str, **changes: Any) -> Lie:
    """A lie about one account: fields of its JSON; `gone=True`: that there is none."""

    def lie(call: dict[str, Any], result: Any) -> Any:
        if call["method"] != "getMultipleAccounts" or address not in call["params"][0]:
            return result
        place = call["params"][0].index(address)
        value = list(result["value"])
        value[place] = None if changes.get("gone") else value[place] | changes
        return {**result, "value": value}

    return lie


def answers(method: str, answer: Any) -> Lie:
    """A lie about one method: a result, or what a function makes of call and result."""

    def lie(call: dict[str, Any], result: Any) -> Any:
        if call["method"] != method:
            return result
        return answer(call, result) if callable(answer) else answer

    return lie


def refuses(method: str, code: int, message: str = "no") -> Lie:
    """An error in place of one method's results."""

    def refused(call: dict[str, Any], result: Any) -> Any:
        raise RpcError(code, message)

    return answers(method, refused)
