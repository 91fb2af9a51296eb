"""What to do about what could not be judged: one place for all renderings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.reports.addresses import addresses_in

_HOSTS = 8
_NFS_PORT = 2049

_HOW = (
    ({"calls", "replies"}, "where both directions pass"),
    ({"origin", "ambiguous"}, "from before the mount until after the trouble"),
    ({"loss"}, "with a larger buffer (-B) and to a local disk, until the kernel drops no packets"),
    ({"disorder"}, "on one interface and one clock"),
    ({"snaplen"}, "in full length (-s 0)"),
)
"""What another capture must do better, by the kinds of blindness of this one."""

_FLAGS = {"snaplen": "-s 0", "loss": "-B 65536"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Sentences, and the command that carries them out, if one does."""

    sentences: tuple[str, ...]
    command: str | None


def advice(report: dict[str, Any]) -> Advice:
    """What would settle the entries of not_evaluable[]: nothing, another copy, or another capture, made how."""
    entries = report["not_evaluable"]
    if not entries:
        return Advice(sentences=(), command=None)
    kinds = {kind for entry in entries for kind in entry["kinds"]}
    sentences = []
    if "end" in kinds:
        cut = ", ".join(capture["path"] for capture in report["captures"] if capture["cut_short"])
        sentences.append(f"Copy {cut or 'the file'} again from where it was made: what is here breaks off.")
    if "encrypted" in kinds:
        sentences.append("No capture settles what is encrypted.")
    if "undecoded" in kinds:
        sentences.append("What could not be decoded is no matter of how it is captured.")
    how = [words for better, words in _HOW if kinds & better]
    if not how and kinds:
        return Advice(sentences=tuple(sentences), command=None)
    way = f" {', '.join(how)}" if how else ""
    sentences.append(f"To settle {'the rest' if sentences else 'it'}, capture again{way}:")
    return Advice(sentences=tuple(sentences), command=_command(report, kinds))


def _command(report: dict[str, Any], kinds: Collection[str]) -> str:
    """tcpdump for all servers, as a move shows only where both addresses are seen; where they are many, for those in
    doubt; where none is known, for whoever is named."""
    servers = {server["address"] for server in report["servers"]}
    doubted = {address for entry in report["not_evaluable"] for address in addresses_in(entry["subject"])}
    hosts = sorted(servers if 0 < len(servers) <= _HOSTS else doubted & servers or doubted)
    # a link-local zone means nothing to the filter
    hosts = [address.partition("%")[0] for address in hosts]
    if hosts and len(hosts) <= _HOSTS:
        wanted = " or ".join(f"host {address}" for address in hosts)
    else:
        ports = sorted({server["port"] for server in report["servers"]} or {_NFS_PORT})
        wanted = " or ".join([*(f"port {port}" for port in ports[:_HOSTS]), "arp", "icmp6"])
    flags = [flag for kind, flag in _FLAGS.items() if kind in kinds]
    return " ".join(["tcpdump -i any", *flags, f"-w nfs.pcap '{wanted}'"])
