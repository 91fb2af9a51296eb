"""renewal_bins: no renewal is lost, and their number does not make the table long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nfsanalyze.analysis import read_tables
from nfsanalyze.state.tables import renewal_bins

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


NAMES = ("01-v40-nonucs-takeover.pcap", "04e-v42-multihomed-maxconnect.pcapng", "14-idle-renewals.pcap")


@pytest.mark.parametrize("name", NAMES)
def test_the_bins_of_a_lease_hold_its_renewals_at_each_address(name: str) -> None:
    tables = read_tables([str(SAMPLES / name)], wanted=["renewals"]).tables
    by = ["lease", "server_address"]
    counted = tables["renewal_bins"].group_by(by).agg(pl.col("count").sum()).sort(by)
    listed = tables["renewals"].group_by(by).agg(pl.len().cast(pl.UInt64).alias("count")).sort(by)
    assert len(listed)
    assert counted.rows() == listed.rows()
    first = tables["renewals"].sort("time", "frame").group_by("lease", maintain_order=True).first()
    shown = tables["renewal_bins"].sort("first", "first_frame").group_by("lease", maintain_order=True).first()
    assert shown.sort("lease")["first_frame"].to_list() == first.sort("lease")["frame"].to_list()


def stretches(times: np.ndarray, begins: list[int]) -> list[int]:
    """How many stretches each lease has."""
    starts = np.zeros(len(times), bool)
    starts[begins] = True
    parts = np.split(renewal_bins._stretches(times, starts), begins[1:])
    return [len(np.unique(part)) for part in parts]


def test_stretches_are_as_many_as_the_leases_leave_room_for() -> None:
    hour = np.arange(0, 3_600_000_000_000, 100_000_000)
    assert stretches(hour, [0]) == [renewal_bins.MOST]
    crowd = np.tile(hour[:36], 2000)
    assert set(stretches(crowd, list(range(0, len(crowd), 36)))) == {renewal_bins.FEWEST}


def test_a_short_lease_in_a_long_case_keeps_its_renewals() -> None:
    long = np.arange(0, 86_400_000_000_000, 60_000_000_000)
    short = np.arange(0, 70_000_000_000, 7_000_000_000)
    assert stretches(np.concatenate([long, short]), [0, len(long)])[1] == len(short)


def test_no_lease_no_row() -> None:
    tables = read_tables([str(SAMPLES / "12-02-oneway-c2s.pcap")]).tables
    assert len(tables["renewal_bins"]) == 0 or tables["renewal_bins"]["count"].min()
