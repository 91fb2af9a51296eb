"""All TCP connections of a capture, from segments to the rows of batches, in the order of frames.

Whatever can only be decided later (a hole that may yet be filled, a reply whose call may yet come, a connection that
may turn out to serve NFS) is decided at a frame number that the capture alone determines: batches of any size hold the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from heapq import heappop, heappush
from ipaddress import ip_address

from dissect.nfs4.batch import Marks, Note
from dissect.nfs4.bounds import (
    CALLBACK_ENDPOINTS,
    CALLBACK_PROGRAMS,
    NFS_PORTS,
    REORDER_FRAMES,
    REPLY_EARLY_FRAMES,
    SILENT_CONNECTIONS,
    SILENT_FRAMES,
    SYN_LATE_FRAMES,
)
from dissect.nfs4.census import Census
from dissect.nfs4.dataclass import replace
from dissect.nfs4.flow import Call, Early, Flow, Output, Reply
from dissect.nfs4.gather import Gather
from dissect.nfs4.holdings import Holdings
from dissect.nfs4.message import CallHeader, Context, Message, call_header, decode_message
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.tcp.connection import Connections, Endpoint, SegmentLike, TcpConnection
from dissect.nfs4.types import CREATE_SESSION4args, SETCLIENTID4args
from dissect.nfs4.xdr import XdrError

MISSING = int(Marks.CUT | Marks.LOST)
_RESYNCED, _RETRANSMITTED = int(Marks.RESYNCED), int(Marks.RETRANSMITTED)
Listener = Callable[[TcpConnection, int, Record, Context], None]

UNREADABLE_NOTE = "RPC header cannot be read"

_RECHECK_FRAMES = 64


class Streams:
    """Takes segments, fills a Gather. `segment` and `advance` want frame numbers that never fall. A `listener` is told
    each record before it is decoded, with the connection, the direction and what is known of it."""

    def __init__(self, gather: Gather, nfs_ports: Set[int] = NFS_PORTS, listener: Listener | None = None) -> None:
        self.census = Census()
        self._gather = gather
        self._listener = listener
        self._connections = Connections(nfs_ports)
        self._nfs_ports = nfs_ports
        self._flows: dict[int, Flow] = {}
        self._new: list[tuple[int, int, Flow]] = []
        self._stalls: list[tuple[int, int, int, Flow]] = []
        self._early: list[tuple[int, int, Flow, Early]] = []
        self._serial = 0
        self._quiet: list[tuple[int, int, Flow]] = []
        self._silent: list[Flow] = []
        self._silent_told = 0
        self._holdings = Holdings()
        self._served: set[Endpoint] = set()
        self._callback_programs: set[int] = set()
        self._callback_endpoints: set[Endpoint] = set()

    def advance(self, frame: int) -> None:
        """The capture has come to this frame: decide what is due."""
        while self._new and self._new[0][0] < frame:
            _, _, flow = heappop(self._new)
            flow.due = True
            self._tell(flow, ())
        while self._stalls and self._stalls[0][0] <= frame:
            _, _, direction, flow = heappop(self._stalls)
            flow.scheduled[direction] = False
            self._tell(flow, flow.expire(frame))
            self._weigh(flow)
        while self._early and self._early[0][0] <= frame:
            _, serial, flow, early = heappop(self._early)
            if flow.owed(early, frame):
                heappush(self._early, (frame + _RECHECK_FRAMES, serial, flow, early))
            elif (reply := flow.give_up(early)) is not None:
                self._tell(flow, (reply,))
        while self._quiet and self._quiet[0][0] <= frame:
            _, _, flow = heappop(self._quiet)
            connection = flow.connection
            if flow.silent and not connection.told and not connection.closed:
                self._connections.forget(connection)
                self._close(self._flows.pop(connection.conn))

    def segment(self, segment: SegmentLike) -> None:
        """A TCP segment, of the frame last given to `advance`."""
        connection, replaced = self._connections.find(segment)
        flow = self._flows.get(connection.conn)
        if flow is None:
            if connection.closed:
                for event in connection.events(segment) if connection.told else ():
                    self._gather.event(event)
                return
            if replaced is not None:
                self._close(self._flows.pop(replaced.conn))
            flow = self._flows[connection.conn] = Flow(connection, self._nfs_ports, whole=self._listener is not None)
            self._serial += 1
            heappush(self._new, (connection.first_frame + SYN_LATE_FRAMES, self._serial, flow))
            heappush(self._quiet, (silent_until(connection), self._serial, flow))
        self._tell(flow, flow.take(segment))
        self._weigh(flow)

    def close(self) -> None:
        """The capture ends: whatever waits is decided."""
        for conn in sorted(self._flows):
            self._close(self._flows[conn])
        self._flows.clear()
        self._new.clear()
        self._stalls.clear()
        self._early.clear()
        self._quiet.clear()
        known = self._served | self._callback_endpoints
        for flow in self._silent:
            if flow.connection.responder in known:
                flow.shown = True
                self._finish(flow)
            else:
                self._count(flow)
        for note in self.census.notes():
            self._gather.event(note)

    def _weigh(self, flow: Flow) -> None:
        """A connection moved on: see what it holds, and whether all together hold too much."""
        if flow.connection.closed:
            return
        self._holdings.weigh(flow)
        if self._holdings.excess:
            for each, direction in self._holdings.largest():
                self._tell(each, each.give_up_held(direction))
                self._holdings.weigh(each)

    def _tell(self, flow: Flow, outputs: Iterable[Output]) -> None:
        """Pass on what a flow says, or keep it until the connection itself is told."""
        for output in outputs:
            if isinstance(output, Early):
                self._serial += 1
                due = output.record.frame + REPLY_EARLY_FRAMES + 1
                heappush(self._early, (due, self._serial, flow, output))
            elif flow.connection.told:
                self._put(flow, output)
            else:
                flow.pending.append(output)
        if flow.shown and not flow.connection.told and (flow.due or flow.connection.syn_frame is not None):
            if flow.silent and self._silent_told == SILENT_CONNECTIONS:
                return
            self._silent_told += flow.silent
            flow.connection.told = True
            self._served.add(flow.connection.responder)
            self._gather.connection(flow.connection.describe())
            pending, flow.pending = flow.pending, []
            for output in pending:
                self._put(flow, output)
        for direction, half in enumerate(flow.connection.halves):
            if half.stalled is not None and not flow.scheduled[direction]:
                flow.scheduled[direction] = True
                self._serial += 1
                heappush(self._stalls, (half.stalled.frame + REORDER_FRAMES + 1, self._serial, direction, flow))

    def _close(self, flow: Flow) -> None:
        outputs = list(flow.close())
        flow.connection.closed = True
        self._holdings.forget(flow)
        flow.due = True
        self._tell(flow, outputs)
        if flow.connection.told:
            self._finish(flow)
        elif flow.silent and len(self._silent) < SILENT_CONNECTIONS:
            self._silent.append(flow)
        else:
            self._count(flow)

    def _finish(self, flow: Flow) -> None:
        self._tell(flow, ())
        for summary in flow.connection.summaries():
            self._gather.event(summary)

    def _count(self, flow: Flow) -> None:
        connection = flow.connection
        ports = connection.initiator[1], connection.responder[1]
        known = connection.syn_frame is not None or connection.halves[1].isn is not None
        port = ports[1] if known else min(ports)
        what = "no data" if flow.silent else "no RPC recognised"
        segments = sum(half.segments for half in connection.halves)
        self.census.count(f"tcp port {port}: {what}", connection.first_frame, segments)

    def _put(self, flow: Flow, output: Output) -> None:
        if isinstance(output, Call):
            message = self._decode(flow, output, None)
            if message is not None:
                output.under_way.context = call_header(message)
                self._learn(message)
                marks = _RETRANSMITTED if output.again else 0
                self._row(flow, output, 0, marks, message)
        elif isinstance(output, Reply):
            context = None if output.call is None else output.call.context
            message = self._decode(flow, output, context)
            if message is not None:
                self._row(flow, output, 0 if output.call is None else output.call.id, 0, message)
        elif not isinstance(output, Early):
            self._gather.event(output)

    def _decode(self, flow: Flow, output: Call | Reply, call: CallHeader | None) -> Message | None:
        record = output.record
        context = Context(call=call, missing=record.marks & MISSING, cb_programs=self._callback_programs)
        if self._listener is not None:
            known = frozenset(self._callback_programs)
            self._listener(flow.connection, output.direction, record, replace(context, cb_programs=known))
        try:
            return decode_message(record.data, context)
        except XdrError:
            note = Note(reason=UNREADABLE_NOTE, count=1, frame=record.frame, conn=flow.connection.conn)
            self._gather.event(note)
            return None

    def _row(self, flow: Flow, output: Call | Reply, call: int, marks: int, message: Message) -> None:
        record = output.record
        self._gather.message(
            id=record.id,
            time=record.time,
            conn=flow.connection.conn,
            direction=output.direction,
            call=call,
            marks=marks | record.marks & _RESYNCED,
            message=message,
        )

    def _learn(self, message: Message) -> None:
        """Callback programs outside the range that RFC 5531 gives them are known only where they are announced; and a
        server's SYN that a client does not answer tells something only where it was asked to come."""
        for operation in message.operations:
            value = operation.value
            if isinstance(value, SETCLIENTID4args):
                program = value.cb_program
                endpoint = _endpoint(value.na_r_addr)
                if endpoint is not None and len(self._callback_endpoints) < CALLBACK_ENDPOINTS:
                    self._callback_endpoints.add(endpoint)
            elif isinstance(value, CREATE_SESSION4args):
                program = value.csa_cb_program
            else:
                continue
            if program and len(self._callback_programs) < CALLBACK_PROGRAMS:
                self._callback_programs.add(program)


def silent_until(connection: TcpConnection) -> int:
    """The frame at which a connection is forgotten on which nothing was said before."""
    return connection.first_frame + SILENT_FRAMES


def _endpoint(uaddr: bytes) -> Endpoint | None:
    """Address and port of a universal address (RFC 5665 section 5.2.3.3), None where it is none."""
    host, *port = uaddr.decode("ascii", "replace").rsplit(".", 2)
    if len(port) != 2 or not all(part.isdecimal() and len(part) <= 3 and int(part) < 256 for part in port):
        return None
    try:
        return str(ip_address(host)), int(port[0]) << 8 | int(port[1])
    except ValueError:
        return None
