"""Readings of positions and deployments at one checkpoint: all calls of a reading go out in one batch per endpoint.

What is read by a call is also proven where it can be: native balances always, ERC-20 balances where the slot of the
balance is configured; both must say the same. The code of every token, gate, committee contract and implementation is
shown by an account proof and compared with its pin, at each checkpoint.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from chains.errors import Halted, Unreadable
from chains.evm import calls, proofs
from chains.evm.abi import erc20, flag, interface
from chains.evm.calls import Proven
from chains.evm.finality import Finality
from chains.evm.headers import Header
from chains.evm.options import DeploymentOptions, Implementation, PositionOptions
from chains.evm.rpc import Reverted
from chains.halts import Halts
from chains.jsonrpc import Call
from chains.quorum import Quorum
from chains.types import Checkpoint, Deployment, GateState, Locked, Log, Position
from chains.values import BadValue

Got: TypeAlias = "Callable[[int], Any]"
"""Fetches an agreed answer by its number in the batch; raises `Unreadable` where there is none."""


class CodeChanged(Exception):
    """A pinned code or implementation is another now; the text is the evidence."""


class Batch:
    """Collects calls; one that is asked for twice is sent once."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._known: dict[str, int] = {}

    def add(self, call: Call) -> int:
        """The call's number in the batch."""
        key = f"{call.method} {json.dumps(call.params, sort_keys=True)}"
        if key not in self._known:
            self._known[key] = len(self.calls)
            self.calls.append(call)
        return self._known[key]


class Reader:
    """Reads one chain through its quorum."""

    def __init__(self, quorum: Quorum, finality: Finality, halts: Halts, log: Log) -> None:
        self._quorum, self._finality, self._halts, self._log = quorum, finality, halts, log

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        """See `SourceChain.locked`. Raises `Halted` while the whole chain is halted."""
        readings = [(subject(p), lambda b, h, p=p: self._position(p, b, h)) for p in positions]
        return await self._read(readings, at, "the collateral")

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        """See `DestinationChain.deployments`. Raises `Halted` while the whole chain is halted."""
        readings = [(subject(d), lambda b, h, d=d: _deployment(d, b, h)) for d in ds]
        return await self._read(readings, at, "the gates")

    async def _read(self, readings: list[tuple[str, Any]], at: Checkpoint, what: str) -> tuple[Any, ...]:
        try:
            header = await self._finality.header(at)
        except Halted:
            raise
        except Unreadable as error:
            return tuple(error for _ in readings)
        batch = Batch()
        planned = [(name, plan(batch, header)) for name, plan in readings]
        answers = await self._quorum.agree(batch.calls, f"{what} at block {at.height} of {at.chain}")

        def got(index: int) -> Any:
            if isinstance(answers[index], Unreadable):
                raise answers[index]
            return answers[index]

        return tuple(self._finish(name, finish, got) for name, finish in planned)

    def _finish(self, name: str, finish: Callable[[Got], Any], got: Got) -> Any:
        halt = self._halts.of(name)
        if halt is not None:
            return halt
        try:
            return finish(got)
        except CodeChanged as error:
            self._halts.halt(name, str(error))
            return self._halts.of(name)
        except BadValue as error:
            return Unreadable(f"{name}: {error}")
        except Unreadable as error:
            return Unreadable(f"{name}: {error}")

    def _position(self, position: Position, batch: Batch, header: Header) -> Callable[[Got], Locked]:
        options = position.options
        assert isinstance(options, PositionOptions)
        vault = position.account.address
        frozen = _flags(position, options, batch, header)
        vault_proof = _code(batch, header, vault) if options.vault_code_hash else None
        amount = (
            _native(vault, batch, header)
            if position.asset.kind == "slip44"
            else _token(position, options, batch, header)
        )

        def finish(got: Got) -> Locked:
            if vault_proof is not None:
                _same_code("the vault", vault, got(vault_proof), options.vault_code_hash)
            locked = amount(got)
            held = [view for view, index in frozen if _true(view, got(index))]
            if held:
                self._log.warning("collateral_frozen", position=subject(position), by=held, held=locked.amount)
                return Locked(0, locked.proof)
            return locked

        return finish


def subject(named: Position | Deployment) -> str:
    """How a position or deployment is named in logs and halts."""
    return f"{named.account} {named.asset}" if isinstance(named, Position) else str(named.gate)


def _native(vault: str, batch: Batch, header: Header) -> Callable[[Got], Locked]:
    read, shown = batch.add(calls.balance(vault, header)), batch.add(calls.proof(vault, (), header))

    def finish(got: Got) -> Locked:
        proven: Proven = got(shown)
        if got(read) != proven.account.balance:
            raise Unreadable(f"the balance reads {got(read)}, but {proven.account.balance} is proven")
        return Locked(proven.account.balance, proofs.encode(header, proven.account_nodes, ()))

    return finish


def _token(position: Position, options: PositionOptions, batch: Batch, header: Header) -> Callable[[Got], Locked]:
    token, vault = "0x" + position.asset.asset[2:], position.account.address
    own = [] if options.balance_slot is None else [proofs.balance_slot(bytes.fromhex(vault[2:]), options)]
    read = batch.add(calls.call(token, erc20().call("balanceOf", vault), calls.at_block(header)))
    # The proof that travels holds the balance alone; the pins have one of their own.
    shown = batch.add(calls.proof(token, own, header))
    pinned = _implementation(batch, header, token, options.implementation)

    def finish(got: Got) -> Locked:
        proven: Proven = got(shown)
        _same_code("the token", token, proven, options.code_hash)
        pinned(got)
        amount = _number("balanceOf", got(read))
        if not own:
            return Locked(amount)
        balance = proofs.balance_of_word(proven.words[0], options)
        if amount != balance:
            raise Unreadable(
                f"balanceOf reads {amount}, but the slot is proven to hold {balance}; is it the right slot?"
            )
        return Locked(amount, proofs.encode(header, proven.account_nodes, proven.storage_nodes[0]))

    return finish


def _flags(position: Position, options: PositionOptions, batch: Batch, header: Header) -> list[tuple[str, int]]:
    if position.asset.kind == "slip44":
        return []
    at, token = calls.at_block(header), position.asset.asset
    asked = list[tuple[str, int]]()
    if options.paused_call is not None:
        asked.append((options.paused_call, batch.add(calls.call(token, _flag_call(options.paused_call), at))))
    if options.frozen_call is not None:
        payload = _flag_call(options.frozen_call, position.account.address)
        asked.append((options.frozen_call, batch.add(calls.call(token, payload, at))))
    return asked


def _deployment(deployment: Deployment, batch: Batch, header: Header) -> Callable[[Got], GateState]:
    options = deployment.options
    assert isinstance(options, DeploymentOptions)
    gate, token, at = deployment.gate.address, deployment.token.asset, calls.at_block(header)
    state = batch.add(calls.call(gate, interface("Gate").call("state"), at))
    supply = batch.add(calls.call(token, erc20().call("totalSupply"), at))
    pins = [
        ("the gate", gate, _code(batch, header, gate), options.code_hash),
        ("the token", token, _code(batch, header, token), options.token_code_hash),
        (
            "the committee contract",
            options.committee,
            _code(batch, header, options.committee),
            options.committee_code_hash,
        ),
    ]
    pinned = _implementation(batch, header, token, options.token_implementation)

    def finish(got: Got) -> GateState:
        for what, address, index, expected in pins:
            _same_code(what, address, got(index), expected)
        pinned(got)
        round_, cap, _, _, _, expires_at = interface("Gate").result("state", _output("state", got(state)))[0]
        return GateState(_number("totalSupply", got(supply)), round_, cap, expires_at)

    return finish


def _implementation(batch: Batch, header: Header, proxy: str, pin: Implementation | None) -> Callable[[Got], None]:
    if pin is None:
        return lambda got: None
    code = _code(batch, header, pin.address)
    slot = None if pin.minimal else batch.add(calls.proof(proxy, (bytes.fromhex(pin.slot[2:]),), header))

    def finish(got: Got) -> None:
        if slot is not None and got(slot).words[0] != int(pin.address, 16):
            raise CodeChanged(f"the proxy {proxy} now leads to 0x{got(slot).words[0]:040x}, pinned is {pin.address}")
        _same_code("the implementation", pin.address, got(code), pin.code_hash)

    return finish


def _code(batch: Batch, header: Header, address: str) -> int:
    return batch.add(calls.proof(address, (), header))


def _same_code(what: str, address: str, proven: Proven, expected: str | None) -> None:
    actual = "0x" + proven.account.code_hash.hex()
    if expected is None:
        raise Unreadable(f"the code of {what} {address} is not pinned; it has the hash {actual}")
    if actual != expected:
        raise CodeChanged(f"the code of {what} {address} has the hash {actual}, pinned is {expected}")


def _output(view: str, answer: bytes | Reverted) -> bytes:
    if isinstance(answer, Reverted):
        raise Unreadable(f"{view} reverts")
    return answer


def _number(view: str, answer: bytes | Reverted) -> int:
    value: int = erc20().result(view, _output(view, answer))[0]
    return value


def _true(signature: str, answer: bytes | Reverted) -> bool:
    value: bool = flag(signature).result(signature, _output(signature, answer))[0]
    return value


def _flag_call(signature: str, *args: str) -> bytes:
    return flag(signature).call(signature, *args)
