"""All targets: plain functions of bytes, with what each starts from. A target that raises has found a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fuzz import files, seeds, texts, wire

from dissect.nfs4.capture.compressed import COMPRESSIONS
from dissect.nfs4.capture.pcap import MAGICS
from dissect.nfs4.capture.pcapng import MAGIC as PCAPNG_MAGIC
from dissect.nfs4.capture.snoop import MAGIC as SNOOP_MAGIC


@dataclass(frozen=True, slots=True)
class Target:
    """`most`: octets of an input at most; `share`: of the runs that are wanted in all."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    most: int
    share: float


TARGETS: dict[str, Target] = {
    "pcap": Target(files.container(*MAGICS), seeds.pcaps, 4096, 0.008),
    "pcapng": Target(files.container(PCAPNG_MAGIC), seeds.pcapngs, 4096, 0.006),
    "snoop": Target(files.container(SNOOP_MAGIC), seeds.snoops, 4096, 0.008),
    "compressed": Target(
        files.container(*(magic for _, magics, _ in COMPRESSIONS for magic in magics)), seeds.compressed, 4096, 0.006
    ),
    "link": Target(wire.link, seeds.frames, 4096, 0.05),
    "tcp": Target(wire.halves, seeds.segments, 1024, 0.1),
    "records": Target(wire.records, seeds.records, 4096, 0.1),
    "header": Target(wire.header, seeds.headers, 512, 0.15),
    "message": Target(wire.message, seeds.messages, 2048, 0.15),
    "arguments": Target(wire.arguments, seeds.arguments, 2048, 0.11),
    "results": Target(wire.results, seeds.results, 2048, 0.11),
    "callbacks": Target(wire.callbacks, seeds.results, 1024, 0.1),
    "credentials": Target(texts.credentials, seeds.credentials, 512, 0.03),
    "owners": Target(texts.owners, seeds.owners, 1100, 0.03),
    "tshark-line": Target(texts.tshark_line, seeds.tshark_lines, 2048, 0.015),
    "tshark-layers": Target(texts.tshark_layers, seeds.tshark_layers, 4096, 0.01),
    "rule": Target(texts.rule, seeds.rules, 8192, 0.002),
    "sql": Target(texts.sql, seeds.statements, 2048, 0.003),
    "config": Target(texts.config, seeds.configs, 2048, 0.006),
    "baseline": Target(texts.baseline, seeds.baselines, 1024, 0.003),
    "decoders": Target(files.decoders, seeds.frames, 4096, 0.0012),
    "stories": Target(files.stories, seeds.stories, 256, 0.0012),
    "scan": Target(files.whole, seeds.scans, 16384, 0.0003),
}
"""By the name that `make fuzz TARGETS=…` takes."""
