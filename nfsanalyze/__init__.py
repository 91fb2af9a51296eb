"""nfsanalyze: what a packet capture tells about NFSv4 client identity, leases, trunking and takeover."""

__version__ = "0.1.0"
