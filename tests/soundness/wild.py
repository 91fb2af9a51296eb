"""Damage of every kind, drawn by a seed: what real captures suffer, one thing on top of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from soundness.harms import (
    clock_stepped,
    kept_alive,
    snaplens,
    two_clocks,
    without_address,
    without_arp,
    without_connection,
    without_operation,
    wrong_checksums,
)
from soundness.packets import (
    ETHERNET,
    Change,
    Packets,
    behind_router,
    doubled,
    from_part,
    jittered,
    lost,
    one_way,
    rounded,
    shifted,
    snaplen,
    swapped_packets,
    swapped_records,
    up_to_part,
    without_between,
)

SERVERS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
ROUTER = bytes.fromhex("02000000fe01")
_DAY = 86400 * 10**9
_MILLISECOND = 10**6

ENDS = ("ended", "without a connection", "without an address")
"""What begins with one of these misses the end of the whole, or all of a conversation, and cannot know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wild:
    """A damaged copy, what was done to it, and whether it is of the whole time."""

    packets: Packets
    what: tuple[str, ...]
    from_where: Packets
    "the whole as it is seen from where the copy was made, by its clock: behind a router no ARP tells of heads"
    vantage: str

    @property
    def complete(self) -> bool:
        return not any(step.startswith(ENDS) for step in self.what)


Step = Callable[[Random], tuple[str, Change]]


def _lost(dice: Random) -> tuple[str, Change]:
    rate, seed = dice.random() ** 2 * 0.95, dice.getrandbits(32)
    return f"lost {rate:.3f} ({seed})", lost(rate, seed)


def _burst(dice: Random) -> tuple[str, Change]:
    start, length = dice.random(), dice.random() ** 2 * 0.5
    return f"without {start:.4f} to {start + length:.4f}", without_between(start, start + length)


def _remainder(dice: Random) -> tuple[str, Change]:
    n = dice.choice((2, 2, 3, 4, 5, 7, 11))
    rest = dice.randrange(n)
    return f"without each {n}n+{rest}", lambda packets: [p for number, p in enumerate(packets) if number % n != rest]


def _begun(dice: Random) -> tuple[str, Change]:
    part = dice.random()
    return f"begun at {part:.4f}", from_part(part)


def _ended(dice: Random) -> tuple[str, Change]:
    part = dice.random()
    return f"ended at {part:.4f}", up_to_part(part)


def _one_way(dice: Random) -> tuple[str, Change]:
    servers = SERVERS if dice.random() < 0.3 else (dice.choice(SERVERS),)
    heard, others = dice.random() < 0.5, dice.random() < 0.8
    name = f"{'from' if heard else 'to'} {', '.join(servers)} only{', others whole' if others else ''}"
    return name, one_way(*servers, heard=heard, others=others)


def _snaplen(dice: Random) -> tuple[str, Change]:
    octets = dice.choice((54, 64, 66, 80, 96, 110, 128, 150, 160, 200, 232, 256, 300, 400))
    return f"cut to {octets}", snaplen(octets)


def _jittered(dice: Random) -> tuple[str, Change]:
    ns, seed = dice.choice((100_000, 1, 3, 10, 10)), dice.getrandbits(32)
    ns = ns if ns > 100 else ns * _MILLISECOND
    return f"jittered {ns} ns ({seed})", jittered(ns, seed)


def _swapped(dice: Random) -> tuple[str, Change]:
    rate, seed, within, passes = dice.random(), dice.getrandbits(32), dice.choice((1, 3, 10)), dice.randint(1, 6)

    def change(packets: Packets) -> Packets:
        for number in range(passes):
            packets = swapped_packets(rate, seed + number, within * _MILLISECOND)(packets)
        return packets

    return f"swapped {rate:.3f} within {within} ms, {passes} times ({seed})", change


def _records(dice: Random) -> tuple[str, Change]:
    rate, seed = dice.random(), dice.getrandbits(32)
    return f"records swapped {rate:.3f} ({seed})", swapped_records(rate, seed)


def _doubled(dice: Random) -> tuple[str, Change]:
    ns = dice.choice((0, 7_000, 300_000, 2 * _MILLISECOND))
    return f"doubled after {ns} ns", doubled(ns)


def _shifted(dice: Random) -> tuple[str, Change]:
    days = dice.choice((-9000, -400, -5, -1, 1, 5, 9, 400, 9000))
    return f"shifted {days} d", shifted(days * _DAY)


def _rounded(dice: Random) -> tuple[str, Change]:
    ns = dice.choice((_MILLISECOND, 10 * _MILLISECOND))
    return f"rounded to {ns} ns", rounded(ns)


def _routed(dice: Random) -> tuple[str, Change]:
    arp = dice.random() < 0.5
    change = behind_router(ROUTER, *SERVERS, arp=arp)
    return "proxy ARP" if arp else "routed", lambda packets: change(packets) if _plain(packets) else packets


def _plain(packets: Packets) -> bool:
    return all(packet.link == ETHERNET and packet.payload_at == 14 for packet in packets)


def _connection(dice: Random) -> tuple[str, Change]:
    half, seed = dice.random() < 0.5, dice.getrandbits(32)
    return f"without {'half of ' if half else ''}a connection ({seed})", without_connection(seed, half=half)


def _address(dice: Random) -> tuple[str, Change]:
    seed = dice.getrandbits(32)
    return f"without an address ({seed})", without_address(seed)


def _arp(dice: Random) -> tuple[str, Change]:
    return "without ARP", without_arp


def _operation(dice: Random) -> tuple[str, Change]:
    seed, rate = dice.getrandbits(32), dice.choice((0.5, 1.0))
    return f"without one operation, {rate:.0%} ({seed})", without_operation(seed, rate)


def _snaplens(dice: Random) -> tuple[str, Change]:
    seed = dice.getrandbits(32)
    return f"cut to 96 to 232 ({seed})", snaplens(seed)


def _checksums(dice: Random) -> tuple[str, Change]:
    return "wrong checksums", wrong_checksums


def _kept_alive(dice: Random) -> tuple[str, Change]:
    return "keep-alives", kept_alive


def _two_clocks(dice: Random) -> tuple[str, Change]:
    offset, seed = dice.choice((-700, -40, -3, 5, 37, 400, 5000)) * _MILLISECOND, dice.getrandbits(32)
    return f"two taps, {offset} ns apart ({seed})", two_clocks(offset, seed)


def _stepped(dice: Random) -> tuple[str, Change]:
    part, seconds = dice.random(), dice.choice((-3600, -60, -5, -1, 1, 5, 60))
    return f"clock stepped {seconds} s at {part:.4f}", clock_stepped(part, seconds * 10**9)


STEPS: tuple[tuple[float, Step], ...] = (
    (0.35, _routed),
    (0.25, _shifted),
    (0.15, _jittered),
    (0.15, _swapped),
    (0.1, _records),
    (0.15, _doubled),
    (0.55, _lost),
    (0.3, _burst),
    (0.15, _remainder),
    (0.2, _begun),
    (0.15, _ended),
    (0.15, _one_way),
    (0.15, _snaplen),
    (0.1, _rounded),
)
"""How probable each is, in the order in which they are done."""

MORE: tuple[tuple[float, Step], ...] = (
    (0.25, _routed),
    (0.1, _shifted),
    (0.2, _kept_alive),
    (0.1, _checksums),
    (0.15, _two_clocks),
    (0.1, _stepped),
    (0.25, _arp),
    (0.3, _connection),
    (0.35, _operation),
    (0.2, _operation),
    (0.15, _address),
    (0.2, _lost),
    (0.15, _begun),
    (0.15, _burst),
    (0.15, _snaplens),
)
"""What strikes one thing, for seeds from `MORE_FROM` on; those before it draw from `STEPS`."""

MORE_FROM = 10_000

_LOSSES = (_lost, _burst, _remainder, _begun, _connection, _address, _operation)


def wild(packets: Packets, seed: int) -> Wild:
    """The same seed makes the same copy. What is lost is never the last packet, so that the copy lasts as long, unless
    it is said to be ended."""
    dice = Random(seed)
    what: list[str] = []
    from_where, vantage = packets, ""
    for probability, step in STEPS if seed < MORE_FROM else MORE:
        if dice.random() < probability:
            name, change = step(dice)
            what.append(name)
            left = list(change(packets))
            if step in _LOSSES and packets and left[-1:] != [packets[-1]]:
                left.append(packets[-1])
            packets = left
            if step in (_routed, _shifted):  # a clock far off makes ids unreadable
                from_where, vantage = packets, f"{vantage} {name}"
    return Wild(packets=packets, what=tuple(what), from_where=from_where, vantage=vantage)
