"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Nothing that comes about by chance makes a test fail: neither the machine's speed (the deadline, and the checks of how
# fast and how large examples are) nor the draw of the day. `--hypothesis-profile=explore` draws anew each time.
_CHANCE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
settings.register_profile("explore", deadline=None, suppress_health_check=_CHANCE)
settings.register_profile("ballast", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("ballast")
