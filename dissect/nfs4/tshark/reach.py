"""What is out of our own reach and may be in tshark's, by the reasons of notes."""

from __future__ import annotations

from dissect.nfs4.capture.linktypes import LinkType

IWARP_NOTE = "RDMA: iWARP not decoded"
"""A TCP connection that carries RDMA (RFC 5040): all its frames are out of reach."""

_REASONS = ("unknown link type", "cooked capture of interface type", "tunnel: ", "RDMA: ")
_RDMA = ("RDMA: ", f"unknown link type {int(LinkType.INFINIBAND)}")
_ENDING = " not decoded"


def out_of_reach(reason: str) -> bool:
    """Whether frames of this reason are worth showing to tshark: not what is damaged, cut or encrypted."""
    return reason.startswith(_REASONS)


def is_rdma(reason: str) -> bool:
    """Whether what comes back may be whole messages."""
    return reason.startswith(_RDMA)


def opened(reason: str) -> str:
    """The reason as it is told once tshark has read the frames."""
    return reason.removesuffix(_ENDING).removeprefix("unknown ")
