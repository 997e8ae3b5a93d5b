"""The start check: is everything configured what the configuration says? All findings at once, one a line.

Beside what every reading checks: what the contracts themselves answer must be what is read in their storage, since a
code that keeps its balances otherwise would read as empty; and what the bank tells of a denomination must not
contradict its declared decimals. Who could change what is told in the log.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from chains.cosmos import collateral, cw20, gates, messages, plan, protobuf, state, stores
from chains.cosmos.addresses import denomination
from chains.cosmos.asking import Answers, Asker
from chains.cosmos.finality import Finality
from chains.cosmos.messages import Message
from chains.cosmos.plan import Facts, Query, Question
from chains.cosmos.protobuf import Kind
from chains.cosmos.reader import subject
from chains.errors import ProofError
from chains.nesting import nests_deeper
from chains.types import ChainSetup, Deployment, Position

_SMART_QUERY = "/cosmwasm.wasm.v1.Query/SmartContractState"
_ANSWER: dict[int, Kind] = {1: "bytes"}
_DEEPEST = 8


class Checker:
    """Looks at everything that is configured on one chain, at its newest checkpoint."""

    def __init__(self, asker: Asker, finality: Finality, setup: ChainSetup) -> None:
        self._asker, self._finality, self._setup = asker, finality, setup

    async def findings(self) -> list[str]:
        """What does not fit, one sentence each. Raises `Unreadable` when it cannot be read."""
        at = await self._finality.finalized()
        anchored = await self._finality.anchored(at)
        positions = [(position, partial(_of_position, position)) for position in self._setup.positions]
        deployments = [(deployment, partial(_of_deployment, deployment)) for deployment in self._setup.deployments]
        plans = [plan for _, plan in positions] + [plan for _, plan in deployments]
        answers = await self._asker.ask(plans, anchored, f"the start check at height {at.height} of {at.chain}")
        for each in plans:
            answers.complete(each)
        found = list[str]()
        for position, _ in positions:
            found += [f"{subject(position)}: {text}" for text in self._position(position, answers)]
        for deployment, _ in deployments:
            found += [f"{subject(deployment)}: {text}" for text in self._deployment(deployment, answers)]
        return list(dict.fromkeys(found))

    def _position(self, position: Position, answers: Answers) -> Iterator[str]:
        facts, denom = answers.facts, denomination(position.asset)
        amount, wrong = collateral.held(position, facts)
        yield from (finding.text for finding in wrong)
        if denom is not None:
            yield from self._display(denom, position.decimals, facts)
        elif not wrong:
            token = position.asset.asset
            said = _said(facts[_balance_query(position)]).get("balance")
            if said != str(amount):
                yield (
                    f"the token {token} answers that {position.account.address} has {said!r}, its storage says "
                    f"{amount}: its code keeps balances otherwise than cw20-base does, and cannot be read"
                )
            self._tell("token", position, token, facts)

    def _deployment(self, deployment: Deployment, answers: Answers) -> Iterator[str]:
        facts, denom, gate = answers.facts, denomination(deployment.token), deployment.gate.address
        read, wrong = gates.read(deployment, facts)
        yield from (finding.text for finding in wrong)
        yield from _committee(deployment, facts)
        if denom is not None:
            yield from self._display(denom, deployment.decimals, facts)
        elif read is not None:
            said = _said(facts[_query(deployment.token.asset, cw20.token_info())]).get("total_supply")
            if said != str(read.supply):
                yield (
                    f"the token {deployment.token.asset} answers that there is a supply of {said!r}, its storage says "
                    f"{read.supply}: its code keeps it otherwise than cw20-base does, and cannot be read"
                )
            self._tell("token", deployment, deployment.token.asset, facts)
        self._tell("gate", deployment, gate, facts)
        self._tell_route(deployment, facts)
        if read is not None and read.round == 0:
            self._setup.log.info("gate_without_statement", deployment=subject(deployment))

    def _display(self, denom: str, declared: int, facts: Facts) -> Iterator[str]:
        value = facts[plan.metadata(denom)]
        try:
            exponent = None if value is None else stores.display_exponent(value)
        except ProofError as error:
            self._setup.log.warning("metadata_not_read", denomination=denom, reason=str(error))
            return
        if exponent is not None and exponent != declared:
            yield f"decimals: {declared} is declared, the bank displays {denom} with {exponent}"

    def _tell(self, what: str, named: Position | Deployment, address: str, facts: Facts) -> None:
        info = facts[plan.contract(address)]
        try:
            contract = None if info is None else stores.contract_info(info)
        except ProofError:
            return  # a finding says so
        if contract is not None:
            admin = contract.admin or "none"
            of, code = subject(named), contract.code_id
            self._setup.log.info("contract", of=of, role=what, contract=address, code_id=code, admin=admin)

    def _tell_route(self, deployment: Deployment, facts: Facts) -> None:
        record, minters = facts[plan.gate_record(deployment)], facts[plan.minters(deployment)]
        if record is None or minters is None:
            return  # a finding says so
        try:
            gate, may = state.gate(record), state.minters(minters)
        except ProofError:
            return
        roles = {"owner": gate.owner, "guardian": gate.guardian, "minters": list(may), "paused": gate.paused}
        self._setup.log.info("route", deployment=subject(deployment), **roles)


def _committee(deployment: Deployment, facts: Facts) -> Iterator[str]:
    gate = deployment.gate.address
    record, contract, group = (
        facts[plan.committee(gate)],
        _said(facts[_query(gate, messages.query("contract"))]),
        _said(facts[_query(gate, messages.query("committee"))]),
    )
    if record is None or not contract or not group:
        yield f"the contract {gate} is no gate: it has no committee, or does not answer who it is"
        return
    if contract.get("domain") != deployment.domain.hex():
        yield f"the gate's domain is {contract.get('domain')!r}, that of {deployment.gate} is {deployment.domain.hex()}"
    try:
        kept = state.committee(record)
    except ProofError as error:
        yield f"the gate {gate}: {error}"
        return
    told = {"epoch": str(kept.epoch), "px": kept.px.hex(), "parity": kept.parity, "since_round": str(kept.since_round)}
    if group != told:
        yield f"the gate {gate} answers another committee than the one in its storage"


def _of_position(position: Position, facts: Facts) -> tuple[Question, ...]:
    denom = denomination(position.asset)
    more: Question = _balance_query(position) if denom is None else plan.metadata(denom)
    return *plan.of_position(position, facts), more


def _of_deployment(deployment: Deployment, facts: Facts) -> tuple[Question, ...]:
    gate, denom = deployment.gate.address, denomination(deployment.token)
    more: list[Question] = [plan.committee(gate), plan.minters(deployment)]
    more += [_query(gate, messages.query(name)) for name in ("contract", "committee")]
    more.append(_query(deployment.token.asset, cw20.token_info()) if denom is None else plan.metadata(denom))
    return *plan.of_deployment(deployment, facts), *more


def _balance_query(position: Position) -> Query:
    return _query(position.asset.asset, cw20.balance(position.account.address))


def _query(contract: str, message: Message) -> Query:
    request = protobuf.data(1, contract.encode("ascii")) + protobuf.data(2, messages.encoded(message))
    return Query(_SMART_QUERY, request)


def _said(answer: bytes | None) -> dict[str, Any]:
    # What a contract answers, if it is an object; nothing where it refuses, or is none.
    try:
        text = b"" if answer is None else protobuf.decode(answer, "contract's answer", _ANSWER).data(1)
        said = {} if nests_deeper(text, _DEEPEST) else json.loads(text or b"{}")
    except (ProofError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
