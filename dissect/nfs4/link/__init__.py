"""Frames to TCP segments, and what the layers below TCP tell: which MAC stands behind which address, what stays closed.

    unwrapper = Unwrapper()
    for frame in capture:
        for item in unwrapper.feed(frame, frame.number):
            ...                                  # Segment | Other
    unwrapper.drain(final=True)                  # list[LinkEvent | Note]

A segment is the innermost: VLAN tags, MPLS, PPPoE, SNAP, IP in IP, GRE, EtherIP, ERSPAN, VXLAN and Geneve around it are
opened. Whatever the bytes, a frame ends in a value; what could not be followed is counted under a stable reason.
"""

from dissect.nfs4.link.runs import Binding, LinkRuns
from dissect.nfs4.link.segment import Other, Segment
from dissect.nfs4.link.unwrap import Unwrapper

__all__ = ["Binding", "LinkRuns", "Other", "Segment", "Unwrapper"]
