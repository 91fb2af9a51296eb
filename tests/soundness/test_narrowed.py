"""--client and --server narrow the report: what is left stood in the whole, and nothing withheld is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from soundness.damages import DAMAGES
from soundness.packets import packets_of, pcap

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import Document, document
from nfsanalyze.reports.narrow import narrow
from samples.expectations import SAMPLES

SAMPLE = "08a-v41-cloned-owner.pcap"


@pytest.fixture(scope="module", params=["every 50th lost", "25% lost (1)", "nothing that was sent to 10.0.0.1"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Document:
    path: Path = tmp_path_factory.mktemp("narrowed") / "copy.pcap"
    path.write_bytes(pcap(DAMAGES[request.param](packets_of(SAMPLES / SAMPLE))))
    done = analyse([str(path)])
    return document(done.tables, done.findings, done.not_evaluable, incomplete=done.incomplete, rules=done.rules)


def test_it_adds_nothing_and_hides_nothing_of_whom_it_is_about(report: Document) -> None:
    clients = {address for client in report["clients"] for address in client["addresses"]}
    servers = {server["address"] for server in report["servers"]}
    assert len(clients) > 1 and servers and report["not_evaluable"]
    for asked in [{"clients": [c]} for c in clients] + [{"servers": [s]} for s in servers]:
        ((wanted,),) = asked.values()
        left = narrow(report, **asked)
        assert [f for f in left["findings"] if f not in report["findings"]] == []
        assert [e for e in left["not_evaluable"] if e not in report["not_evaluable"]] == []
        missing = [e for e in report["not_evaluable"] if e not in left["not_evaluable"]]
        assert [e for e in missing if wanted in e["subject"] or "any " in e["subject"]] == []
        assert left["summary"]["complete"] == report["summary"]["complete"]
        named = {c["id"] for c in report["clients"] if wanted in c["addresses"]}
        gone = [f for f in report["findings"] if f not in left["findings"]]
        assert [f for f in gone if f["client"] in named or wanted in f["servers"]] == []
