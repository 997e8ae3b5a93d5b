"""How deep a hostile JSON text nests, counted before it is parsed.

The parser descends once per level, and what Python's own bound on that is depends on other packages (one that web3
brings lifts it so far that deep JSON ends the process instead of raising an error).
"""

import re

# Possessive, and a text that never ends still matches: the time is linear in the input, whatever it holds.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS = re.compile(rb"[^\[\]{}]+")


def nests_deeper(raw: bytes, deepest: int) -> bool:
    """Whether brackets outside of strings nest deeper than `deepest`. Stops at the first that does."""
    depth = 0
    for bracket in _NO_BRACKETS.sub(b"", _STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False
