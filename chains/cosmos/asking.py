"""Asks the endpoints of a chain what plans need, all at one height, each question once, and each entry with its proof.

An answer is verified while it is parsed: a proof that does not hold at the checkpoint's app hash, or an answer that
says other than its own proof, marks the endpoint as lying. What nothing can prove is agreed by the quorum alone.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chains.cosmos import multistore, rpc
from chains.cosmos.blocks import Anchored
from chains.cosmos.multistore import ProofOp
from chains.cosmos.plan import Entry, Facts, Plan, Question
from chains.cosmos.rpc import QueryError, QueryResult
from chains.errors import ProofError, Unreadable
from chains.jsonrpc import Call
from chains.quorum import Quorum


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows under a key. The proof's own bytes do not count when two answers are compared."""

    value: bytes | None
    ops: tuple[ProofOp, ...] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Answers:
    """All that was answered at one checkpoint."""

    at: Anchored
    facts: Facts
    proofs: Mapping[Question, tuple[ProofOp, ...]]
    failed: Mapping[Question, Unreadable]

    def complete(self, plan: Plan) -> tuple[Question, ...]:
        """All questions of `plan`, each of which has an answer. Raises `Unreadable` where one has none."""
        questions = plan(self.facts)
        for question in questions:
            if question in self.failed:
                raise self.failed[question]
        return questions


class Asker:
    """The questions of one chain. Which further questions the last answers led to is remembered, so that they are asked
    at once; should the answers be others now, what follows from those is asked as well."""

    def __init__(self, quorum: Quorum) -> None:
        self._quorum = quorum
        self._last: Facts = {}

    async def ask(self, plans: Sequence[Plan], at: Anchored, what: str) -> Answers:
        """Answers to all that `plans` need at the checkpoint `at`; `what` says in errors what is being read."""
        facts, failed = dict[Question, bytes | None](), dict[Question, Unreadable]()
        proofs = dict[Question, tuple[ProofOp, ...]]()
        while True:
            known = ChainMap(facts, dict(self._last))
            asked = dict.fromkeys(question for plan in plans for question in plan(known))
            missing = [question for question in asked if question not in facts and question not in failed]
            if not missing:
                break
            answers = await self._quorum.agree([_call(question, at) for question in missing], what)
            for question, answer in zip(missing, answers, strict=True):
                if isinstance(answer, Unreadable):
                    failed[question] = answer
                elif isinstance(answer, Proven):
                    facts[question], proofs[question] = answer.value, answer.ops
                else:
                    facts[question] = None if isinstance(answer, QueryError) else answer
        self._last = facts
        return Answers(at, facts, proofs, failed)


def _call(question: Question, at: Anchored) -> Call:
    height = at.header.height
    if not isinstance(question, Entry):
        return rpc.abci_query(question.path, question.request, height, _value, errors=True)
    store, key, app_hash = question.store, question.key, at.app_hash

    def verified(found: QueryResult) -> Proven:
        value = multistore.prove(found.ops, app_hash, store, key)
        if found.value != (value or b""):
            raise ProofError(f"{store}: the answer says other than its proof")
        return Proven(value, found.ops)

    return rpc.store_query(store, key, height, verified)


def _value(found: QueryResult) -> bytes:
    return found.value
