"""Stories of clusters as packets, with ids that tell their instance and ids that do not: to be damaged like samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soundness.packets import Packet, Packets

from scenarios.cluster import Cluster
from scenarios.layouts import GANESHA, LINUX, NFS4J, RANDOM, Layout
from scenarios.stories import Pair, both_restarted, one_server, pair, restarted_in_place, taken_over

_LAYOUTS = {"linux": LINUX, "ganesha": GANESHA, "nfs4j": NFS4J, "random": RANDOM}
_CLIENTS: dict[str, dict[str, Any]] = {
    "v4.0 non-uniform": {"minor": 0},
    "v4.0 uniform": {"minor": 0, "uniform": True},
    "v4.1": {"minor": 1},
}


def _taken_over(p: Pair) -> None:
    taken_over(p)


def _both_restarted(p: Pair) -> None:
    both_restarted(p, p.head_1)


_PLOTS: dict[str, tuple[Callable[..., Pair], Callable[[Pair], None]]] = {
    "taken over": (pair, _taken_over),
    "restarted in place": (pair, restarted_in_place),
    "one server, restarted": (one_server, _both_restarted),
    "one server": (one_server, lambda p: None),
}


def _told(plot: str, layout: Layout, **client: Any) -> Packets:
    cast, act = _PLOTS[plot]
    p = cast(layout=layout, **client)
    act(p)
    return _packets(p.cluster)


def _packets(cluster: Cluster) -> Packets:
    return [Packet(time=time, data=data, length=len(data)) for time, data in cluster.wire.frames]


STORIES: dict[str, Callable[[], Packets]] = {
    f"{plot}, {client}, {name} ids": lambda plot=plot, layout=layout, how=how: _told(plot, layout, **how)  # type: ignore[misc]
    for plot in _PLOTS
    for client, how in _CLIENTS.items()
    for name, layout in _LAYOUTS.items()
}
