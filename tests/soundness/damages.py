"""The ways in which captures come damaged, or in another form, by name."""

from __future__ import annotations

from collections.abc import Callable

from soundness.packets import (
    Change,
    Packets,
    as_raw_ip,
    doubled,
    every,
    from_part,
    lost,
    one_way,
    pcap,
    pcapng,
    shifted,
    snaplen,
    swapped_packets,
    swapped_records,
    without_between,
)

SERVERS = ("10.0.0.1", "10.0.0.2")

_HOUR = 3600 * 10**9
_MILLISECOND = 10**6

DAMAGES: dict[str, Change] = {
    **{f"{rate:.0%} lost ({seed})": lost(rate, seed) for rate in (0.01, 0.05, 0.1, 0.25, 0.5) for seed in range(3)},
    **{f"every {n}th lost": every(n) for n in (2, 3, 7, 10, 50)},
    **{f"a fifth lost from {part:.0%} on": without_between(part, part + 0.2) for part in (0.0, 0.2, 0.4, 0.6, 0.75)},
    **{f"started at {part:.0%}": from_part(part) for part in (0.01, 0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.95)},
    "only what was sent to servers": one_way(*SERVERS, heard=False),
    "only what servers sent": one_way(*SERVERS, heard=True),
    **{f"nothing that was sent to {server}": one_way(server, heard=True, others=True) for server in SERVERS},
    **{f"nothing that {server} sent": one_way(server, heard=False, others=True) for server in SERVERS},
    **{f"cut to {octets} octets": snaplen(octets) for octets in (54, 64, 96, 128, 160, 200, 256)},
}
"""Each may cost findings, which must then stand under "not evaluable"."""

FORMS: dict[str, Callable[[Packets], bytes]] = {
    "big-endian": lambda packets: pcap(packets, order=">"),
    "nanoseconds": lambda packets: pcap(packets, ns=True),
    "big-endian nanoseconds": lambda packets: pcap(packets, order=">", ns=True),
    "pcapng": pcapng,
    "big-endian pcapng": lambda packets: pcapng(packets, order=">"),
    "raw IP": lambda packets: pcap(as_raw_ip(packets)),
    **{
        f"{name}": lambda packets, change=change: pcap(change(packets))  # type: ignore[misc]
        for name, change in {
            "clock an hour ahead": shifted(_HOUR),
            "clock three days behind": shifted(-72 * _HOUR),
            "clock at the turn of the century": shifted(-26 * 365 * 24 * _HOUR),
            "each packet twice at once": doubled(7_000),
            "each packet twice, a third of a millisecond apart": doubled(_MILLISECOND // 3),
            "a tenth of the records swapped": swapped_records(0.1, 1),
            "half of the records swapped": swapped_records(0.5, 2),
            "a tenth of close packets swapped": swapped_packets(0.1, 3, _MILLISECOND),
            "half of close packets swapped": swapped_packets(0.5, 4, _MILLISECOND),
        }.items()
    },
}
"""Each holds the same conversations: nothing may be lost, nothing added."""
