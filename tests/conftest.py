"""What all tests share: how hypothesis judges a machine that does other things too."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is no fault of a strategy.
settings.register_profile("nfsanalyze", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nfsanalyze")
