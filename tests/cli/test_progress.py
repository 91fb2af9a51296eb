"""Progress is for a person who waits: on a terminal, after a second, and gone at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nfsanalyze.cli.progress import progress


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nobody_looks_nothing_shows() -> None:
    with progress() as meter:
        assert meter is None


def test_a_short_run_shows_nothing(terminal: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    terminal("stderr")
    watch = Watch()
    with progress(clock=watch) as meter:
        assert meter
        watch.now = 0.9
        meter(900, 1000)
    assert capsys.readouterr().err == ""


def test_a_long_run_shows_its_share_and_cleans_up(
    terminal: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("stderr")
    watch = Watch()
    with progress(1_000_000_000, watch) as meter:
        assert meter
        for watch.now, done in ((1.1, 430_000_000), (1.15, 440_000_000), (2.0, 2_000_000_000)):
            meter(5_000, done)
        watch.now = 3.0
        meter(6_000, 0)
    err = capsys.readouterr().err
    shown = err.split("\r")
    assert shown[1] == "nfsanalyze: 5,000 packets read, 43 % of 1.0 GB"
    assert shown[2] == "nfsanalyze: 5,000 packets read, 100 % of 1.0 GB"
    assert shown[3].rstrip() == "nfsanalyze: 6,000 packets read"
    assert shown[-2].strip() == shown[-1] == ""
