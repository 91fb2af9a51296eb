"""What fuzzing starts from: made out of the samples, the stories and the rules, never stored."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from random import Random
from typing import Any
from unittest.mock import patch

import lz4.frame
from fuzz.edits import conversations
from fuzz.wire import LINKS
from soundness.packets import Packet, packets_of, pcap, pcapng

from dissect.nfs4 import streams
from dissect.nfs4.capture import Frame
from dissect.nfs4.exact import exact
from dissect.nfs4.message import Context, decode_message
from nfsanalyze.engine.loader import rule_files, shipped_folder
from samples.expectations import SAMPLES
from scenarios.owners import EXAMPLES
from wire.captures import Pcapng, snoop_file
from wire.tunnels import TUNNELS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_SAMPLES = ("02-v40-ucs-takeover.pcapng", "03-v41-takeover.pcap", "10c-v40-delegation-recall.pcap")
_FEW = 24


def piece(meaning: int, data: bytes) -> bytes:
    """As `fuzz.wire.pieces` reads it."""
    return bytes((meaning,)) + min(len(data), 0xFFFF).to_bytes(2, "big") + data[:0xFFFF]


def _stretches(octets: int) -> Iterator[Sequence[Packet]]:
    """Stretches of conversations whose packets are so long together."""
    for packets in conversations():
        taken: list[Packet] = []
        left = octets
        for packet in packets:
            left -= len(packet.data) + 16
            if left < 0:
                break
            taken.append(packet)
        yield taken


def pcaps() -> Iterator[bytes]:
    for number, packets in enumerate(_stretches(3000)):
        yield pcap(packets, order="<>"[number % 2], ns=number % 3 == 0)


def pcapngs() -> Iterator[bytes]:
    for number, packets in enumerate(islice(_stretches(2500), 12)):
        yield pcapng(packets, order="<>"[number % 2])
    made = Pcapng().section().interface(1, 96).interface(113, tsresol=0x8A, tsoffset=3)
    made = made.packet(b"one", 5).obsolete_packet(b"two", 6, interface=1).simple_packet(b"three")
    made = made.block(5, bytes(12)).section(">").interface(tsresol=9)
    yield made.packet(b"four", 1).block(9, bytes(8)).packet(b"five" * 9, 2).data


def snoops() -> Iterator[bytes]:
    for packets in islice(_stretches(2500), 8):
        yield snoop_file(*((packet.time, packet.data) for packet in packets))


def compressed() -> Iterator[bytes]:
    for each in islice(pcaps(), 4):
        yield gzip.compress(each, mtime=0)
        yield bz2.compress(each)
        yield lzma.compress(each)
        yield lz4.frame.compress(each)
        yield zstd.compress(each)


def frames() -> Iterator[bytes]:
    for packets in _stretches(2000):
        link = LINKS.index(packets[0].link)
        yield bytes((link,)) + b"".join(piece(min(p.length - len(p.data), 255), p.data) for p in packets)
    for data, link_type, _ in TUNNELS.values():
        if link_type in LINKS:
            yield bytes((LINKS.index(link_type),)) + piece(0, data)


def stories() -> Iterator[bytes]:
    dice = Random(1)
    for number in range(len(conversations())):
        yield bytes((number,))
        yield bytes((number,)) + dice.randbytes(6 * dice.randrange(1, 8))


def segments() -> Iterator[bytes]:
    dice = Random(2)
    for _ in range(_FEW):
        yield b"".join(piece(dice.randrange(256), dice.randbytes(dice.randrange(40))) for _ in range(12))
    # in order, one missing, one late
    yield b"".join(piece(step, b"octets" * 4) for step in (0x80, 13, 13, 14, 11, 15, 13, 0xCD))


@cache
def _messages() -> Sequence[tuple[bytes, Context]]:
    """Every message of a few samples once, with what was known of it."""
    met: dict[bytes, Context] = {}

    def kept(data: bytes, context: Context) -> Any:
        met.setdefault(data[8:60], context)
        found.append((data, context))
        return decode_message(data, context)

    found: list[tuple[bytes, Context]] = []
    with patch.object(streams, "decode_message", kept):
        for name in _SAMPLES:
            list(exact(_taken(packets_of(SAMPLES / name))))
    seen: set[tuple[int, bytes]] = set()
    few = []
    for data, context in found:
        shape = (len(data), data[4:12])
        if shape not in seen:
            seen.add(shape)
            few.append((data, context))
    return few


def _taken(packets: Sequence[Packet]) -> Iterator[Frame]:
    for n, p in enumerate(packets, 1):
        yield Frame(number=n, time=p.time, data=p.data, original_length=p.length, link_type=p.link, interface=0)


def messages() -> Iterator[bytes]:
    for data, context in _messages():
        yield bytes((0 if context.call is not None and context.call.kind % 2 == 0 else 32,)) + data


def headers() -> Iterator[bytes]:
    for data, _ in _messages():
        yield data[:120]


def records() -> Iterator[bytes]:
    told = [data for data, _ in _messages()]
    for start in range(0, len(told) - 3, 7):
        stream = b"".join((0x80000000 | len(data)).to_bytes(4, "big") + data for data in told[start : start + 3])
        for first in (b"\0", b"\1"):
            yield first + piece(0, stream)
            yield first + b"".join(piece(0, stream[at : at + 100]) for at in range(0, len(stream), 100))
            yield first + piece(0, stream[:150]) + piece(0x8F, b"") + piece(0, stream[167:])


def _bodies(reply: bool) -> Iterator[bytes]:
    """The operations of COMPOUNDs, behind a RPC header, a tag and a count."""
    for data, _ in _messages():
        if data[4:8] == int(reply).to_bytes(4, "big"):
            for at in range(24, len(data) - 8, 4):
                # a count of operations, and the number of the first
                if (
                    0 < int.from_bytes(data[at : at + 4], "big") < 9
                    and 3 <= int.from_bytes(data[at + 4 : at + 8]) <= 75
                ):
                    yield b"\3" + data[at + 4 :]
                    break


def arguments() -> Iterator[bytes]:
    return _bodies(reply=False)


def results() -> Iterator[bytes]:
    return _bodies(reply=True)


def owners() -> Iterator[bytes]:
    for example in EXAMPLES.values():
        yield example.owner
        yield example.owner + b"\xff\xfe" + (example.impl_domain or b"")
    yield b"Linux NFSv4.0 host/10.0.0.10\xff\xfeLinux NFSv4.0 host/10.0.0.1"
    yield b"10.0.0.11.8.1"


def credentials() -> Iterator[bytes]:
    yield b"\1" + bytes(4) + (5).to_bytes(4, "big") + b"web01\0\0\0" + bytes(12)
    yield b"\6" + b"".join(n.to_bytes(4, "big") for n in (1, 0, 7, 3, 4)) + b"hand"


def tshark_lines() -> Iterator[bytes]:
    told: dict[str, Any] = {
        "n": 1,
        "protocols": ["eth", "ip", "tcp"],
        "ip": [["10.0.0.1", "02:00:00:00:00:01"]],
        "tcp": [["10.0.0.1", 2049, "10.0.0.2", 871, 1, 2, 24, 4, "00010203", "020000000001", 64]],
        "arp": [["10.0.0.1", "02:00:00:00:00:01", True]],
        "rpc": [["fe80::1", 0, "fe80::2", 0, "00010203", 4]],
    }
    yield json.dumps(told).encode()
    yield json.dumps(told | {"tcp": [], "rpc": [], "arp": []}).encode()
    yield b'{"status": 0, "said": ""}'
    yield b'{"status": 2, "said": "The file is cut\\n short"}'


def tshark_layers() -> Iterator[bytes]:
    ip = {"ip_ip_src": "10.0.0.1", "ip_ip_dst": "10.0.0.2", "ip_ip_ttl": "64"}
    tcp = {f"tcp_tcp_{name}": "1" for name in ("srcport", "dstport", "seq_raw", "ack_raw", "flags", "len")}
    told: dict[str, Any] = {"eth": {"eth_eth_src": "02:00:00:00:00:01"}, "ip": [ip, ip], "tcp": tcp}
    yield json.dumps(told).encode()
    rdma = {"rpcordma_rpcordma_reads_count": "1", "rpcordma_rpcordma_position": ["0", "100"]}
    yield json.dumps({"ip": ip, "rpc_raw": "00" * 24, "rpcordma": rdma, "iwarp_mpa_raw": "0018" + "00" * 24}).encode()
    band = {"infiniband_infiniband_grh_sgid": "fe80::1", "infiniband_infiniband_grh_dgid": "fe80::2"}
    yield json.dumps({"infiniband": band, "infiniband_raw": "00" * 40, "rpc_raw": "00" * 24}).encode()
    arp = {"arp_arp_src_proto_ipv4": "10.0.0.1", "arp_arp_src_hw_mac": "02:00:00:00:00:01", "arp_arp_opcode": "1"}
    yield json.dumps({"eth": {}, "arp": arp}).encode()


def rules() -> Iterator[bytes]:
    for path in rule_files(shipped_folder())[::6]:
        yield path.read_bytes()[:6000]


def statements() -> Iterator[bytes]:
    for path in rule_files(shipped_folder()):
        detect = path.read_text().split("detect = '''")[-1].split("'''")[0]
        if len(detect) < 1500:
            yield detect.encode()
    for text in (
        "SELECT a FROM read_csv('t.csv')",
        "SELECT * FROM 't.csv'",
        "SELECT * FROM leases, read_parquet('t.parquet')",
        "SELECT $$read_csv('t.csv')$$ FROM leases",
        "SELECT E'\\'' || (SELECT a FROM read_ipc('t.ipc')) FROM leases",
        "SELECT /* /* */ */ a FROM read_json('t.json')",
        'SELECT "read_csv"(a) FROM leases',
        "WITH a AS (SELECT 1) SELECT * FROM a CROSS JOIN a AS b",
        "SELECT REPEAT('a', 1000000000) FROM leases",
        "TABLE leases; COPY leases TO 't.csv'",
        "SELECT U&'\\0027' FROM leases",
    ):
        yield text.encode()


def configs() -> Iterator[bytes]:
    yield (
        b'select = ["NFS1"]\nlease_time = 90\nfail_on = "high"\nports = [12049]\nrules = ["rules"]\n'
        b'[[ignore]]\nrule = "NFS101"\nreason = "known"\nclient = "10.0.0.1"\n'
        b'[heads]\none_server = [["10.0.0.1", "10.0.0.2"]]\ndifferent_servers = [["10.0.0.3", "fd00::1"]]\n'
    )


def baselines() -> Iterator[bytes]:
    yield b'{"schema": "nfsanalyze/1", "findings": [{"id": "0123456789abcdef"}, {"id": "fedcba"}]}'
    yield b'{"schema": "nfsanalyze/1", "findings": []}'


def scans() -> Iterator[bytes]:
    for packets in _stretches(6000):
        yield pcap(packets)
    for packets in islice(_stretches(6000), 4):
        yield pcapng(packets)
        yield gzip.compress(pcap(packets), mtime=0)


Seeds = Callable[[], Iterator[bytes]]
