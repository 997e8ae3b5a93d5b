"""The start check: is every configured address what the configuration says? All findings at once, one a line.

Where a pin is missing or wrong, the finding names the value that was read, so that it can be verified and entered.
"""

from collections.abc import Callable
from typing import Any

from chains.errors import Unreadable
from chains.evm import calls, proofs
from chains.evm.abi import erc20, flag, interface
from chains.evm.calls import Proven
from chains.evm.finality import Finality
from chains.evm.headers import Header
from chains.evm.options import EIP1967_IMPLEMENTATION, DeploymentOptions, Implementation, PositionOptions
from chains.evm.reader import Batch, subject
from chains.evm.rpc import Reverted
from chains.evm.transfer_probe import PROBE, SINK
from chains.evm.values import data
from chains.jsonrpc import Call, Fault
from chains.quorum import Quorum
from chains.types import ChainSetup, Deployment, Position
from chains.values import BadValue

_BEACON = bytes.fromhex("a3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50")
_ZEPPELINOS = bytes.fromhex("7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3")
_PROXY_SLOTS = (bytes.fromhex(EIP1967_IMPLEMENTATION[2:]), _BEACON, _ZEPPELINOS)
"""keccak256("eip1967.proxy.implementation") - 1 and ...beacon") - 1 (EIP-1967), and
keccak256("org.zeppelinos.proxy.implementation"), its predecessor."""

_CLONE_HEAD, _CLONE_TAIL = bytes.fromhex("363d3d373d3d3d363d73"), bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
"""The code of an EIP-1167 clone, before and after the address."""

_KEY_PARITIES = (0, 1)


class Checker:
    """Looks at everything that is configured on one chain, at its newest checkpoint."""

    def __init__(self, quorum: Quorum, finality: Finality, setup: ChainSetup) -> None:
        self._quorum, self._finality, self._setup = quorum, finality, setup

    async def findings(self) -> list[str]:
        """What does not fit, one sentence each. Raises `Unreadable` when it cannot be read."""
        at = await self._finality.finalized()
        header = await self._finality.header(at)
        batch = Batch()
        plans = [(subject(p), self._position(p, batch, header)) for p in self._setup.positions]
        plans += [(subject(d), self._deployment(d, batch, header)) for d in self._setup.deployments]
        answers = await self._quorum.agree(batch.calls, f"the start check at block {at.height} of {at.chain}")
        found = list[str]()
        for name, plan in plans:
            for check in plan:
                try:
                    found += [f"{name}: {finding}" for finding in check(answers)]
                except BadValue as error:
                    found.append(f"{name}: {error}")
        return list(dict.fromkeys(found))

    def _position(self, position: Position, batch: Batch, header: Header) -> "list[Check]":
        options, vault = position.options, position.account.address
        assert isinstance(options, PositionOptions)
        plan = (
            [_code(batch, header, "vault_code_hash", vault, options.vault_code_hash)] if options.vault_code_hash else []
        )
        if position.asset.kind == "slip44":
            return [*plan, lambda answers: _native_findings(options)]
        token = position.asset.asset
        return [
            *plan,
            _code(batch, header, "code_hash", token, options.code_hash),
            _proxy(batch, header, "implementation", token, options.implementation),
            _decimals(batch, header, token, position.decimals),
            *_freezes(batch, header, position, options),
            self._transfer(batch, header, position, options),
        ]

    def _deployment(self, deployment: Deployment, batch: Batch, header: Header) -> "list[Check]":
        options, gate, token = deployment.options, deployment.gate.address, deployment.token.asset
        assert isinstance(options, DeploymentOptions)
        return [
            _code(batch, header, "code_hash", gate, options.code_hash),
            _code(batch, header, "token_code_hash", token, options.token_code_hash),
            _code(batch, header, "committee_code_hash", options.committee, options.committee_code_hash),
            _proxy(batch, header, None, gate, None),
            _proxy(batch, header, None, options.committee, None),
            _proxy(batch, header, "token_implementation", token, options.token_implementation),
            _decimals(batch, header, token, deployment.decimals),
            _says(batch, header, gate, "token", token),
            _says(batch, header, gate, "committee", options.committee),
            _says(batch, header, gate, "route", deployment.route),
            _says(batch, header, gate, "domain", deployment.domain),
            _committee(batch, header, options.committee),
        ]

    def _transfer(self, batch: Batch, header: Header, position: Position, options: PositionOptions) -> "Check":
        # Tries a transfer of all that the vault holds, with the probe's code in the vault's place. Nothing is sent.
        token, vault = position.asset.asset, position.account.address
        at = calls.at_block(header)
        words = [bytes.fromhex(token[2:]).rjust(32, b"\0"), SINK.rjust(32, b"\0")]
        request = {"to": vault, "data": "0x" + b"".join(words).hex()}
        override = {vault: {"code": "0x" + PROBE.hex()}}
        index = batch.add(Call("eth_call", (request, at, override), data, faults=True))

        def check(answers: Answers) -> list[str]:
            answer = answers[index]
            if options.transfer != "exact":
                return []
            if not isinstance(answer, bytes) or len(answer) != 64:
                reason = "not supported" if isinstance(answer, (Fault, Unreadable)) else "the transfer reverts"
                self._setup.log.warning("transfer_not_tried", position=subject(position), reason=reason)
                return []
            held, credited = int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:], "big")
            if held == credited:
                return []
            return [
                f"a transfer of {held} credits {credited}: the token takes a fee or moves balances; declare "
                'transfer = "fee_on_transfer" or "rebasing", or do not use it'
            ]

        return check


Answers = tuple[Any, ...]
Check = Callable[[Answers], list[str]]


def _native_findings(options: PositionOptions) -> list[str]:
    names = ("code_hash", "implementation", "balance_slot", "paused_call", "frozen_call")
    found = [f"{name}: a native position has no token" for name in names if getattr(options, name) is not None]
    return found + (["transfer: native coins move exactly"] if options.transfer != "exact" else [])


def _code(batch: Batch, header: Header, setting: str, address: str, pinned: str | None) -> Check:
    index = batch.add(calls.proof(address, (), header))

    def check(answers: Answers) -> list[str]:
        proven: Proven = _read(answers, index)
        if proven.account.code_hash == proofs.EMPTY_CODE:
            return [f"there is no code at {address}"]
        actual = "0x" + proven.account.code_hash.hex()
        if pinned is None:
            return [f'{setting} is missing; the code at {address} has {setting} = "{actual}"']
        return [] if actual == pinned else [f"{setting}: pinned is {pinned}, the code at {address} has {actual}"]

    return check


def _proxy(batch: Batch, header: Header, setting: str | None, address: str, pin: Implementation | None) -> Check:
    slots = [batch.add(calls.proof(address, (slot,), header)) for slot in _PROXY_SLOTS]
    code = batch.add(Call("eth_getCode", (address, calls.at_block(header)), data))
    pinned_code = batch.add(calls.proof(pin.address, (), header)) if pin is not None else None
    own = pin is not None and not pin.minimal
    pinned_slot = batch.add(calls.proof(address, (bytes.fromhex(pin.slot[2:]),), header)) if pin and own else None

    def check(answers: Answers) -> list[str]:
        words = [_read(answers, slot).words[0] for slot in slots]
        clone = _clone_of(_read(answers, code))
        if words[1]:
            return [f"{address} is a beacon proxy (EIP-1967), whose implementation cannot be pinned; it is refused"]
        targets = {f"0x{word:040x}" for word in (words[0], words[2]) if word} | ({clone} if clone else set())
        if pin is None or setting is None:
            hint = f"; pin it as {setting} = {{ address, code_hash }}" if setting else "; it is refused"
            return [f"{address} is a proxy for {', '.join(sorted(targets))}{hint}"] if targets else []
        actual = "0x" + _read(answers, pinned_code).account.code_hash.hex()
        found = [] if actual == pin.code_hash else [f"{setting}.code_hash: {pin.address} has {actual}"]
        leads_to = clone if pin.minimal else f"0x{_read(answers, pinned_slot).words[0]:040x}"
        if leads_to != pin.address:
            found.append(f"{setting}.address: pinned is {pin.address}, the proxy leads to {leads_to or 'none'}")
        others = targets - {pin.address}
        return found + [
            f"{address} also leads to {other}, which is not pinned" for other in sorted(others) if not found
        ]

    return check


def _clone_of(code: bytes) -> str | None:
    head, address, tail = code[:10], code[10:30], code[30:]
    return "0x" + address.hex() if head == _CLONE_HEAD and tail == _CLONE_TAIL else None


def _decimals(batch: Batch, header: Header, token: str, declared: int) -> Check:
    index = batch.add(calls.call(token, erc20().call("decimals"), calls.at_block(header)))

    def check(answers: Answers) -> list[str]:
        answer = _read(answers, index)
        if isinstance(answer, Reverted):
            return [f"decimals() of {token} reverts; it is no ERC-20 token"]
        actual = erc20().result("decimals", answer)[0]
        return [] if actual == declared else [f"decimals: {declared} is declared, {token} has {actual}"]

    return check


def _freezes(batch: Batch, header: Header, position: Position, options: PositionOptions) -> list[Check]:
    views = [(options.paused_call, ()), (options.frozen_call, (position.account.address,))]
    plan = list[Check]()
    for view, arguments in views:
        if view is None:
            continue
        payload = flag(view).call(view, *arguments)
        index = batch.add(calls.call(position.asset.asset, payload, calls.at_block(header)))

        def check(answers: Answers, view: str = view, index: int = index) -> list[str]:
            answer = _read(answers, index)
            if isinstance(answer, Reverted):
                return [f"{view} of {position.asset.asset} reverts"]
            flag(view).result(view, answer)
            return []

        plan.append(check)
    return plan


def _says(batch: Batch, header: Header, gate: str, view: str, expected: str | bytes) -> Check:
    index = batch.add(calls.call(gate, interface("Gate").call(view), calls.at_block(header)))

    def check(answers: Answers) -> list[str]:
        answer = _read(answers, index)
        if isinstance(answer, Reverted):
            return [f"{view}() reverts; {gate} is no gate"]
        actual = interface("Gate").result(view, answer)[0]
        if actual == expected:
            return []
        return [f"the gate's {view} is {_text(actual)}, configured is {_text(expected)}"]

    return check


def _committee(batch: Batch, header: Header, committee: str) -> Check:
    at = calls.at_block(header)
    views = {view: batch.add(calls.call(committee, interface("Committee").call(view), at)) for view in ("epoch", "key")}

    def check(answers: Answers) -> list[str]:
        for view, index in views.items():
            answer = _read(answers, index)
            if isinstance(answer, Reverted):
                return [f"{view}() of the committee contract {committee} reverts"]
            values = interface("Committee").result(view, answer)
            if view == "key" and (values[0] == 0 or values[1] not in _KEY_PARITIES):
                return [f"the committee contract {committee} holds no group key"]
        return []

    return check


def _read(answers: Answers, index: int | None) -> Any:
    assert index is not None
    if isinstance(answers[index], Unreadable):
        raise answers[index]
    return answers[index]


def _text(value: str | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else value
