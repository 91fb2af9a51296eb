"""Connections are numbered in the order of their first segments, in whatever order a window came to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dissect.nfs4.batch import Batch, LinkEvent
from dissect.nfs4.dataclass import replace
from dissect.nfs4.flow import Flow
from dissect.nfs4.rpc.match import Call, Early, Reply
from dissect.nfs4.tcp.connection import TcpConnection

Numbers = dict[int, int]
"""The right number of a connection by the one that it was given."""


def reorder(begun: Sequence[TcpConnection], flows: dict[int, Flow], silent: Sequence[Flow]) -> Numbers:
    """Give the connections that began in a window the numbers they would have if it had been read frame by frame.

    `flows` by number, and those kept for later without one. Returns those that changed: rows that were made of them
    are to be `renumbered`.
    """
    given = sorted(connection.conn for connection in begun)
    numbers = {
        connection.conn: number
        for number, connection in zip(given, sorted(begun, key=lambda each: each.first_frame), strict=True)
    }
    if all(number == each for each, number in numbers.items()):
        return {}
    moved = {numbers[conn]: flows.pop(conn) for conn in given if conn in flows}
    flows.update(moved)
    for connection in begun:
        connection.conn = numbers[connection.conn]
    for flow in [*moved.values(), *(flow for flow in silent if flow.connection.conn in numbers)]:
        flow.pending = [
            each if isinstance(each, Call | Early | Reply) else _renumbered(each, numbers) for each in flow.pending
        ]
    return numbers


def renumbered(batch: Batch, numbers: Numbers) -> Batch:
    """The same batch, and the same array of its messages, with these numbers changed."""
    lowest = min(numbers)
    table = np.array([numbers.get(conn, conn) for conn in range(lowest, max(numbers) + 1)], np.uint32)
    conn = batch.messages["conn"]
    new = np.flatnonzero(conn >= lowest)
    conn[new] = table[conn[new] - lowest]
    return replace(
        batch,
        connections=[replace(each, conn=numbers.get(each.conn, each.conn)) for each in batch.connections],
        events=[_renumbered(each, numbers) for each in batch.events],
    )


def _renumbered(event: Any, numbers: Numbers) -> Any:
    if isinstance(event, LinkEvent) or event.conn is None or event.conn not in numbers:
        return event
    return replace(event, conn=numbers[event.conn])
