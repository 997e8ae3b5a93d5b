"""What every family's entry point has to be."""

import subprocess
import sys
from collections.abc import Sequence

from chains.opened import OpenedChain
from chains.types import Chain, Family


def conforms(family: Family, chain: Chain) -> None:
    """mypy refuses a call if the family does not implement the protocols."""
    assert isinstance(chain, OpenedChain)


def imports_none_of(module: str, heavy: Sequence[str]) -> None:
    """Importing the module, in a Python of its own, imports none of these."""
    program = f"import sys, {module}; sys.exit(','.join(m for m in {tuple(heavy)!r} if m in sys.modules) or 0)"
    subprocess.run([sys.executable, "-c", program], check=True)
