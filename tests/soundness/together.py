"""One conversation as several captures: taps with losses and clocks of their own, files of a ring, one side each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

from soundness.packets import Packets, lost, one_way, shifted, snaplen

SERVERS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
_MILLISECOND = 10**6

Parts = list[Packets]
Split = Callable[[Random, Packets], tuple[str, Parts]]


def _taps(dice: Random, packets: Packets) -> tuple[str, Parts]:
    rates = [dice.random() ** 2 * 0.6 for _ in range(dice.choice((2, 2, 3)))]
    parts = [lost(rate, dice.getrandbits(32))(packets) for rate in rates]
    return f"{len(parts)} taps that lost {', '.join(f'{rate:.2f}' for rate in rates)}", parts


def _ring(dice: Random, packets: Packets) -> tuple[str, Parts]:
    cuts = sorted(dice.sample(range(1, len(packets)), min(dice.choice((1, 2, 3)), len(packets) - 1)))
    borders = [0, *cuts, len(packets)]
    parts = [packets[a:b] for a, b in pairwise(borders)]
    if dice.random() < 0.4:
        gone = dice.randrange(len(parts))
        parts = [part for number, part in enumerate(parts) if number != gone or len(parts) < 2]
    return f"a ring of files cut at {cuts}, {len(parts)} left", parts


def _sides(dice: Random, packets: Packets) -> tuple[str, Parts]:
    return "one side each", [one_way(*SERVERS, heard=heard)(packets) for heard in (True, False)]


def _servers(dice: Random, packets: Packets) -> tuple[str, Parts]:
    """At each server what concerns it, of one of them perhaps one side only."""
    parts = []
    for server in SERVERS[:2]:
        here = bytes(map(int, server.split(".")))
        parts.append([p for p in packets if p.addresses is None or here in p.addresses])
    if dice.random() < 0.5:
        parts[0] = list(one_way(*SERVERS, heard=dice.random() < 0.5)(parts[0]))
    return "one at each server", parts


def _headers(dice: Random, packets: Packets) -> tuple[str, Parts]:
    octets = dice.choice((96, 128, 200))
    return f"whole and cut to {octets}", [lost(0.2, dice.getrandbits(32))(packets), snaplen(octets)(packets)]


SPLITS: tuple[Split, ...] = (_taps, _taps, _ring, _sides, _servers, _headers)


def together(packets: Packets, seed: int) -> tuple[list[str], Sequence[Packets]]:
    """What was done, and the captures that are left; the same seed makes the same ones."""
    dice = Random(f"together {seed}")
    what, parts = dice.choice(SPLITS)(dice, packets)
    told = [what]
    if dice.random() < 0.5:
        offset = dice.choice((-3600_000, -2000, -37, -1, 1, 37, 400, 7000)) * _MILLISECOND
        parts[-1] = shifted(offset)(parts[-1])
        told.append(f"the clock of the last off by {offset} ns")
    return told, [part for part in parts if part]
