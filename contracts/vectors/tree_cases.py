"""tree.json: whole trees (leaves in, root out) and branches (leaf and branch in, root out)."""

from material import HANDOVER, Case, flip, hexed, mint_cap, seed

from chains.encoding import Branch, Leaf, Tree, leaf_hash, node_hash

SIZES = (1, 2, 3, 4, 5, 7, 8, 16, 17)


def _tree(name: str, leaves: list[bytes], root: bytes, error: str = "") -> Case:
    return {
        "name": name,
        "type": "tree",
        "valid": not error,
        "error": error,
        "count": str(len(leaves)),
        "leaves": hexed(b"".join(leaves)),
        "leaf": "",
        "branch": "",
        "root": "" if error else hexed(root),
    }


def _branch(name: str, leaf: bytes, branch: bytes, root: bytes, error: str = "") -> Case:
    return {
        "name": name,
        "type": "branch",
        "valid": not error,
        "error": error,
        "count": "",
        "leaves": "",
        "leaf": hexed(leaf),
        "branch": hexed(branch),
        "root": hexed(root),
    }


def _sized(size: int) -> list[Case]:
    tree = Tree([mint_cap(i) for i in range(size)])
    found = [_tree(f"tree_{size}", list(tree.leaves), tree.root)]
    for i, leaf in enumerate(tree.leaves):
        found.append(_branch(f"branch_{size}_{i}", leaf, tree.branch(leaf).encode(), tree.root))
    return found


def _whole() -> list[Case]:
    leaves: list[Leaf] = [mint_cap(i) for i in range(6)]
    tree = Tree(leaves)
    twice = [leaf.encode() for leaf in (leaves[0], leaves[1], leaves[0])]
    same_key = [mint_cap(0).encode(), mint_cap(1).encode(), flip(mint_cap(0).encode(), 8 * 96 + 7)]
    mixed = Tree([*leaves, HANDOVER])
    return [
        _tree("tree_given_in_any_order", [leaf.encode() for leaf in reversed(leaves)], tree.root),
        _tree("tree_with_handover", list(mixed.leaves), mixed.root),
        _branch("branch_of_handover", HANDOVER.encode(), mixed.branch(HANDOVER.encode()).encode(), mixed.root),
        _tree("tree_empty", [], b"", "empty"),
        _tree("tree_same_leaf_twice", twice, b"", "duplicate"),
        _tree("tree_same_domain_and_route_twice", same_key, b"", "duplicate"),
    ]


def _wrong() -> list[Case]:
    tree = Tree([mint_cap(i) for i in range(8)])
    leaf = tree.leaves[5]
    branch = tree.branch(leaf)
    coded, sides, siblings = branch.encode(), branch.sides, branch.siblings
    deep = bytes([33]) + (0).to_bytes(4, "big") + seed("sibling") * 33
    deepest = Branch(0xA5A5A5A5, tuple(seed(f"sibling {i}") for i in range(32)))
    inner = tree.branch(leaf).siblings[0]
    pair = b"\x01" + leaf_hash(tree.leaves[4]) + leaf_hash(tree.leaves[5])
    parent = Branch(sides >> 1, siblings[1:])
    assert node_hash(leaf_hash(tree.leaves[4]), leaf_hash(tree.leaves[5])) != inner
    found = [
        _branch("depth_32", leaf, deepest.encode(), deepest.root(leaf)),
        _branch("depth_33", leaf, deep, tree.root, "bad_branch"),
        _branch("depth_255", leaf, b"\xff" + coded[1:], tree.root, "bad_branch"),
        _branch("depth_one_more", leaf, bytes([4]) + coded[1:], tree.root, "bad_length"),
        _branch("depth_one_less", leaf, bytes([2]) + bytes(4) + coded[5:], tree.root, "bad_length"),
        _branch("branch_empty", leaf, b"", tree.root, "bad_length"),
        _branch("branch_truncated", leaf, coded[:-1], tree.root, "bad_length"),
        _branch("branch_extended", leaf, coded + b"\x00", tree.root, "bad_length"),
        _branch("sibling_missing", leaf, bytes([2]) + bytes(4) + coded[5:-32], tree.root, "bad_root"),
        _branch("sibling_too_many", leaf, bytes([4]) + coded[1:] + siblings[0], tree.root, "bad_root"),
        _branch("no_siblings", leaf, bytes(5), tree.root, "bad_root"),
        _branch("siblings_swapped", leaf, Branch(sides, siblings[::-1]).encode(), tree.root, "bad_root"),
        _branch("leaf_of_another_place", tree.leaves[4], coded, tree.root, "bad_root"),
        _branch("node_offered_as_leaf", pair, parent.encode(), tree.root, "bad_root"),
        _branch("other_root", leaf, coded, flip(tree.root, 255), "bad_root"),
    ]
    for bit in range(3):
        turned = Branch(sides ^ 1 << bit, siblings).encode()
        found.append(_branch(f"side_{bit}_flipped", leaf, turned, tree.root, "bad_root"))
    for bit in (3, 4, 31):
        unused = bytes([3]) + (sides | 1 << bit).to_bytes(4, "big") + coded[5:]
        found.append(_branch(f"unused_side_{bit}_set", leaf, unused, tree.root, "bad_branch"))
    for level in range(3):
        for bit in (0, 255):
            changed = flip(coded, 8 * (5 + 32 * level) + bit)
            found.append(_branch(f"sibling_{level}_bit_{bit}_flipped", leaf, changed, tree.root, "bad_root"))
    alone = Tree([mint_cap(0)])
    found.append(_branch("alone_with_side_set", alone.leaves[0], bytes(4) + b"\x01", alone.root, "bad_branch"))
    return found


def cases() -> list[Case]:
    return [case for size in SIZES for case in _sized(size)] + _whole() + _wrong()
