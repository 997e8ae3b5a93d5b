"""Chain families for the tests, brought by a dist-info directory on sys.path."""

from tests.devnet.kilns import kiln, local_site

__all__ = ["kiln", "local_site"]
