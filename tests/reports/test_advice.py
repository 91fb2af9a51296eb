"""Advice fits what is wrong with a capture."""

from __future__ import annotations

from typing import Any

import pytest

from nfsanalyze.reports.advice import Advice, advice


def asked(*kinds: str, servers: int = 2, subject: str = "10.0.0.11 → 10.0.1.1") -> Advice:
    report: dict[str, Any] = {
        "captures": [{"path": "a.pcap", "cut_short": "end" in kinds}],
        "servers": [{"address": f"10.0.1.{n}", "port": 2049} for n in range(servers)],
        "not_evaluable": [{"subject": subject, "kinds": [kind]} for kind in kinds],
    }
    return advice(report)


def test_nothing_in_doubt() -> None:
    assert asked() == Advice(sentences=(), command=None)


def test_a_file_that_breaks_off_is_copied_again() -> None:
    told = asked("end")
    assert told.command is None
    assert told.sentences == ("Copy a.pcap again from where it was made: what is here breaks off.",)


@pytest.mark.parametrize("kind", ["encrypted", "undecoded"])
def test_no_capture_settles_what_cannot_be_read(kind: str) -> None:
    told = asked(kind)
    assert told.command is None
    assert len(told.sentences) == 1


@pytest.mark.parametrize(
    ("kind", "flags", "words"),
    [
        ("snaplen", "-s 0 -w", "in full length"),
        ("loss", "-B 65536 -w", "larger buffer"),
        ("origin", "any -w", "from before the mount"),
        ("ambiguous", "any -w", "from before the mount"),
        ("replies", "any -w", "both directions"),
        ("calls", "any -w", "both directions"),
    ],
)
def test_a_better_capture(kind: str, flags: str, words: str) -> None:
    told = asked(kind)
    assert told.command is not None
    assert flags in told.command
    assert told.command.endswith("'host 10.0.1.0 or host 10.0.1.1'")
    assert words in told.sentences[0]


def test_all_at_once() -> None:
    told = asked("end", "loss", "snaplen", "encrypted")
    assert told.command is not None
    assert "-s 0 -B 65536" in told.command
    assert told.sentences[-1].startswith("To settle the rest, capture again with")


def test_many_servers_are_captured_by_doubt_or_by_port() -> None:
    assert (asked("origin", servers=20, subject="10.0.0.11 → 10.0.1.3").command or "").endswith("'host 10.0.1.3'")
    unnamed = asked("origin", servers=20, subject="capture").command or ""
    assert unnamed.endswith("'port 2049 or arp or icmp6'")
