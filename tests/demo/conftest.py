"""Chain families for the tests, as the tests of the devnet have them."""

from tests.devnet.kilns import kiln, local_site

__all__ = ["kiln", "local_site"]
