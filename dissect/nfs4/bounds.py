"""Every bound of the decoders, in frames of the capture, octets or counts: never in chunks or batches.

Both decoders read these, so that they agree on the same capture whatever they read at a time. "Frames" are
differences of frame numbers, "octets" lengths on the wire unless a line says otherwise.
"""

from __future__ import annotations

REORDER_FRAMES = 8192
"""An octet that comes more than this many frames after the first frame holding a later octet of its half-connection is
too late: the hole it would fill was final. At 1 Gbit/s in full frames this is 60 ms, many fast retransmissions."""

STALLED_OCTETS = 8 << 20
"""The same in payload octets of the half-connection: more than a receive window follows no hole that will be filled."""

HELD_OCTETS = 64 << 20
"""What may be held of all half-connections together: records without an end so far, and segments that wait behind a
hole. Octets are those captured. Not counted are file data of READ and WRITE where a record's first octets show
them, which are not kept, and the first HELD_FREE_OCTETS of each
half-connection. Beyond this those that hold most are given up until half of it is left, so that it happens seldom. Two
hundred megabytes are a scan's usual peak: this is a third on top, and eight streams that wait for as much as they may.
"""

HELD_FREE_OCTETS = 2048
"""See HELD_OCTETS: no more than the objects of a half-connection take without any octet."""

SEGMENT_OCTETS = 256
"""What a piece of a segment counts on top of its captured octets: so much is kept of it."""

WAITING_OCTETS = 2 * SEGMENT_OCTETS
"""The same of a segment that waits behind holes, however many it fills: all together become no more than two pieces
each."""

BEHIND_OCTETS = 64 << 20
"""A data segment this far behind the one before it on its half-connection is of another connection on the same ports,
whose SYN was not captured: no window reaches back so far."""

SYN_LATE_FRAMES = 64
"""A SYN this many frames after the first frame of its connection may still be its own (files out of time order)."""

SYN_REACH_OCTETS = 1 << 16
"""How far past its SYN a half-connection can have sent before the SYN appears in the file (the initial window)."""

RECORD_OCTETS = (4 << 20) + (1 << 16)
"""The longest record believed: 4 MiB of READ or WRITE (the largest transfer size in use) and what surrounds it."""

RECORD_LEAST_OCTETS = 20
"""The shortest record: a denied reply (RFC 5531 section 9)."""

RECOGNISE_OCTETS = 2 * RECORD_OCTETS
"""A half-connection on a port not known for NFS that shows no RPC record in so many captured octets is not RPC."""

RECOGNISE_REPLIES = 3
"""Replies that follow each other without a flaw make a half-connection RPC where nobody saw the calls."""

REPLY_EARLY_FRAMES = 4096
"""A reply without a call waits so many frames for it: a file out of time order can hold the reply first."""

UNANSWERED_CALLS = 16384
"""Calls without a reply remembered for each direction of a connection; the oldest is forgotten first."""

UNANSWERED_OF_XID = 64
"""The same for one xid, sent again and again; and so many replies with one xid wait for a call that is still being
read."""

CALLBACK_PROGRAMS = 4096
"""Announced callback programs remembered."""

CALLBACK_ENDPOINTS = 65536
"""Announced callback addresses remembered."""

RECORDS_A_FRAME = 4096
"""Message ids number the records of a frame in 12 bits; the shortest records fill a 64 KiB frame with fewer."""

CENSUS_REASONS = 256
"""Distinct reasons in the census of what was not decoded; the rest are counted together."""

SILENT_CONNECTIONS = 65536
"""Connections without data kept in mind, in case their responder turns out to serve NFS; and as many are told."""

SILENT_FRAMES = 1 << 16
"""A connection that is not told and has no data after so many frames is given up: of floods of SYNs nothing comes. If
it speaks after all, it is read as one whose beginning was not captured."""

NFS_PORTS = frozenset({2049, 20049})
"""IANA: nfs, nfsrdma. Elsewhere RPC is recognised by its content."""
