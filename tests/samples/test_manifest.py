"""The manifest lists every sample, and every sample is what the manifest says."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

import pytest

from samples.expectations import SAMPLES, cases, report_of

MANIFEST: dict[str, dict[str, Any]] = {
    sample["file"]: sample for sample in tomllib.loads((SAMPLES / "manifest.toml").read_text())["sample"]
}
TEXTS = {"manifest.toml", "expected.toml"}


def test_all_files_are_listed() -> None:
    there = {path.name for path in SAMPLES.iterdir()} - TEXTS
    assert set(MANIFEST) == there == set(cases())


@pytest.mark.parametrize("name", MANIFEST)
def test_a_sample_is_the_file_it_was(name: str) -> None:
    sample = MANIFEST[name]
    assert hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest() == sample["sha256"]
    assert sample["made"] and sample["kernel"] and sample["version"]
    assert sample.get("base") == cases()[name].get("base")
    assert "base" in sample or len(sample["shows"]) > 20


@pytest.mark.parametrize("name", MANIFEST)
def test_the_packets_are_counted_right(name: str) -> None:
    (capture,) = report_of(name)["captures"]
    assert capture["packets"] == MANIFEST[name]["packets"]
