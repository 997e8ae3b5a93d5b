"""What a faulty member can forge: everything that its own keys sign, and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from chains.encoding import Header, Leaf, MintCap, Tree
from chains.hashing import keccak256
from relayer.agreement.observation import Observation, encode_manifest
from relayer.agreement.records import Basis, Proposal, decode_statements, encode_statements
from relayer.agreement.voting import propose
from relayer.rounds.messages import Kind, Proposed

from .committee import Committee, Message
from .node import Node

Tamper = Callable[[Message], Iterable[Message]]


def signed(node: Node, header: Header, basis: Basis) -> Proposal:
    """A proposal with the member's true signature."""
    unsigned = Proposal(header, basis)
    return replace(unsigned, signature=node.identity.sign(unsigned.signed_part).signature)


def resigned(node: Node, o: Observation) -> Observation:
    """The observation with the member's true signature over what it says now."""
    return replace(o, signature=node.identity.sign(o.signed_part).signature)


def greedy(node: Node, p: Proposal) -> Proposal:
    """The proposal with every cap raised, its statements and root to match."""
    blob = node.blob(p.basis.statements)
    assert blob is not None
    leaves: tuple[Leaf, ...] = tuple(
        replace(leaf, mint_cap=leaf.mint_cap + 1) for leaf in decode_statements(blob) if isinstance(leaf, MintCap)
    )
    basis = replace(p.basis, statements=node.keep(encode_statements(leaves)))
    return signed(node, replace(p.header, root=Tree(leaves).root), basis)


def false_root(node: Node, p: Proposal) -> Proposal:
    """The proposal with a root that its statements do not lead to."""
    return signed(node, replace(p.header, root=keccak256(b"another")), p.basis)


def wrong_books(node: Node, p: Proposal) -> Proposal:
    """The proposal over other books than the ones that its observations come to."""
    basis = replace(p.basis, books=node.keep(b"trimmed"))
    return signed(node, replace(p.header, evidence=basis.evidence()), basis)


def fewer_observers(node: Node, p: Proposal) -> Proposal:
    """The proposal that the round's first t observations come to: as valid as `p` where that has more."""
    bundle = node.judged(p)
    params = node.params_at(p.round)
    assert params is not None
    less = replace(bundle, observations=bundle.observations[: params.threshold])
    outcome, header, basis = propose(less, params)
    for blob in (outcome.books.encoded, encode_statements(outcome.leaves)):
        node.keep(blob)
    node.keep(encode_manifest(tuple(o.digest for o in less.observations)))
    return signed(node, header, basis)


def proposing(c: Committee, leader: int, forge: Callable[[Node, Proposal], Proposal], targets: Iterable[int]) -> Tamper:
    """`leader` sends `targets` the forged proposal in place of its own."""
    chosen = frozenset(targets)

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.PROPOSAL or m.source != leader or m.target not in chosen:
            return (m,)
        proposed = Proposed.decode(m.body)
        forged = Proposed(forge(c.nodes[leader], proposed.proposal), proposed.session)
        return (replace(m, body=forged.encode()),)

    return tamper
