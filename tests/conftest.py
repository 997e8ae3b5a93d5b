"""What holds for all tests."""

from hypothesis import settings

# No test depends on the machine's speed: hypothesis' own deadline would.
settings.register_profile("ballast", deadline=None)
settings.load_profile("ballast")
