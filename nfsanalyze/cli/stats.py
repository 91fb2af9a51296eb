"""What a run cost, for `--stats`: on stderr, for the report is the same whatever it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nfsanalyze.stages import Stages


def table(stages: Stages, captures: Iterable[Mapping[str, Any]]) -> str:
    """One line a stage and a total; then what went through them: the `captures` of a report."""
    lines = [f"{'stage':<10}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}"]
    lines += [_line(name, cost.wall, cost.cpu, cost.peak) for name, cost in stages.costs.items()]
    costs = stages.costs.values()
    wall, cpu = sum(c.wall for c in costs), sum(c.cpu for c in costs)
    lines.append(_line("total", wall, cpu, max((c.peak for c in costs), default=0)))
    told = list(captures)
    packets, messages = (sum(c[what] for c in told) for what in ("packets", "rpc_messages"))
    lines.append(f"{packets:,} packets and {messages:,} RPC messages; {packets / max(wall, 1e-9):,.0f} packets/s")
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, wall: float, cpu: float, peak: int) -> str:
    return f"{name:<10}{wall:>9.3f}{cpu:>9.3f}{peak / 1e6:>9.0f}"
