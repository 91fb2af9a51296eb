"""What is out of our own reach and may be in tshark's, by the reasons of notes."""

from __future__ import annotations

_REASONS = ("unknown link type", "cooked capture of interface type", "tunnel: ", "RDMA: ")
_MAY_BE_RDMA = ("RDMA: ", "unknown link type")
_ENDING = " not decoded"


def out_of_reach(reason: str) -> bool:
    """Whether frames of this reason are worth showing to tshark: not what is damaged, cut or encrypted."""
    return reason.startswith(_REASONS)


def may_be_rdma(reason: str) -> bool:
    """Whether what comes back may be whole messages: InfiniBand has link types of its own."""
    return reason.startswith(_MAY_BE_RDMA)


def opened(reason: str) -> str:
    """The reason as it is told once tshark has read the frames."""
    return reason.removesuffix(_ENDING).removeprefix("unknown ")
