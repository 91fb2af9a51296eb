"""Inputs that made a target fail once, by target and by what was wrong. Each is run with every test of the targets."""

from __future__ import annotations

FOUND: dict[str, dict[str, bytes]] = {
    "tshark-line": {
        "no object": b"[]",
        "a number of no frame": b'{"n": 0, "protocols": [], "ip": [], "tcp": [], "arp": [], "rpc": []}',
        "no layers": b'{"n": 1}',
        "octets that are none": b'{"n": 1, "protocols": [], "ip": [], "arp": [], "rpc": [], "tcp": '
        b'[["10.0.0.1", 1, "10.0.0.2", 2, 1, 2, 24, 4, "0g", null, 64]]}',
        "an end without words": b'{"status": 1}',
        "no JSON": b"{",
    },
    "tshark-layers": {
        "octets that are none": b'{"ip": {"ip_ip_src": "10.0.0.1", "ip_ip_dst": "10.0.0.2", "ip_ip_ttl": "64"}, '
        b'"infiniband": {}, "infiniband_raw": "0x"}',
        "numbers that are none": b'{"ip": {"ip_ip_src": "10.0.0.1", "ip_ip_dst": "10.0.0.2", "ip_ip_ttl": "64"}, '
        b'"rpc_raw": "000000000000000000000000", "iwarp_mpa_raw": "000c000000000000000000000000", '
        b'"rpcordma": {"rpcordma_rpcordma_reads_count": "1", "rpcordma_rpcordma_position": ["x"]}}',
    },
}
