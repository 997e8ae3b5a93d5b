"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# No test depends on the machine's speed: hypothesis' own deadline would, and so would its look at how long it draws.
settings.register_profile("ballast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ballast")
