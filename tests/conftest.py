"""What all tests share: how hypothesis judges a machine that does other things too, and rules that are parsed once."""

from __future__ import annotations

from functools import cache

from hypothesis import HealthCheck, settings

from nfsanalyze.engine import loader

# A loaded machine is no fault of a strategy.
settings.register_profile("nfsanalyze", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nfsanalyze")

# Parsing the shipped rules is a seventh of an analysis, and the tests make thousands. One text always gives one rule.
loader.parse_rule = cache(loader.parse_rule)
