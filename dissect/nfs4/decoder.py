"""The way of a case: which decoder takes it, and which of its frames go to tshark.

Both decoders give the same rows. What they declare out of their reach is shown to tshark, and the case is decoded once
more with what tshark found in those frames.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dissect.nfs4.batch import Batch, Note
from dissect.nfs4.capture import Capture, CaptureError, ForeignFormat, Frame, UnknownFormat, open_capture
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.protocols import IWARP_NOTE
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.tshark.assisted import Assisted, Ends, Watching, ends_of
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.reach import may_be_rdma

if TYPE_CHECKING:
    from dissect.nfs4.taps import Merged
    from dissect.nfs4.tshark.spool import Spool

Decoder = Literal["auto", "exact", "fast", "tshark"]
"""`auto` takes the exact decoder for small files, because the fast one costs more to start, and alone asks tshark for
help; `tshark` has all frames opened by tshark, and the exact decoder do the rest."""

SMALL_OCTETS = 2 << 20
"""Files up to this size are decoded sooner frame by frame than by the chunk."""

Progress = Callable[[int], None]
"""Called now and then with the packets read."""

_EVERY = 4096


@dataclass(slots=True, kw_only=True)
class Decoding:
    """How a case is decoded; the rest is told while its batches are taken."""

    decoder: Decoder
    fast: bool
    opened: dict[str, array[int]] = field(default_factory=dict)
    "by reason, the frames that tshark opened"
    frames: array[int] = field(default_factory=lambda: array("Q"))
    "those of them that held segments or messages; of `tshark` all"
    failure: str | None = None
    "why frames out of reach were not shown to tshark, or what it failed of: one line that says what to do"


def opened(path: str, decoder: Decoder) -> Capture:
    """A capture, rewritten by tshark where its format is foreign. Raises CaptureError."""
    try:
        return open_capture(path)
    except (ForeignFormat, UnknownFormat) as error:
        if decoder not in ("auto", "tshark") or path == "-":
            raise
        from dissect.nfs4.tshark.rewrite import rewritten

        try:
            return rewritten(path)
        except TsharkError as failure:
            raise type(error)(f"{error}; {failure}") from None


def decoding(captures: Sequence[Capture], decoder: Decoder) -> Decoding:
    """What is to be done with a case. A pipe is worth decoding by the chunk, for it may hold anything."""
    sizes = [Path(capture.file).stat().st_size if capture.file != "-" else 0 for capture in captures]
    large = not all(sizes) or sum(sizes) > SMALL_OCTETS
    return Decoding(decoder=decoder, fast=decoder == "fast" or (decoder == "auto" and large))


def decode(
    source: Capture | Merged,
    way: Decoding,
    again: Callable[[], Capture | Merged],
    *,
    ports: Collection[int] = (),
    progress: Progress | None = None,
) -> Iterator[Batch]:
    """The batches of a case; `way` is filled in. `again` gives its frames once more, or raises CaptureError.

    Raises TsharkError where `tshark` is to open all and is not there, CaptureError where it is to and `again` raises.
    """
    run = _Run(way, again, ports, progress)
    with source:
        if way.decoder == "tshark":
            yield from run.by_tshark(source)
        elif way.decoder == "auto":
            yield from run.auto(source)
        else:
            yield from run.native(source, Unwrapper(), fast=way.fast)


class _Run:
    def __init__(
        self,
        way: Decoding,
        again: Callable[[], Capture | Merged],
        ports: Collection[int],
        progress: Progress | None,
    ) -> None:
        self._way, self._again, self._ports, self._progress = way, again, ports, progress

    def native(self, source: Capture | Merged, unwrapper: Unwrapper, *, fast: bool) -> Iterator[Batch]:
        if not fast:
            yield from self._exact(self._told(source), unwrapper)
            return
        from dissect.nfs4.columnar import columnar

        for batch in columnar(source, ports=self._ports, unwrapper=unwrapper):
            if self._progress is not None:
                self._progress(source.packets)
            yield batch

    def _exact(self, frames: Iterable[Frame], unwrapper: Unwrapper) -> Iterator[Batch]:
        from dissect.nfs4.exact import exact

        return exact(frames, ports=self._ports, unwrapper=unwrapper)

    def _told(self, source: Capture | Merged) -> Iterator[Frame]:
        for frame in source:
            if self._progress is not None and source.packets % _EVERY == 0:
                self._progress(source.packets)
            yield frame

    def by_tshark(self, source: Capture | Merged) -> Iterator[Batch]:
        """All frames go to tshark. What it is to look for is found out by decoding them first."""
        from dissect.nfs4.tshark.program import tshark
        from dissect.nfs4.tshark.run import unwrapped
        from dissect.nfs4.tshark.spool import Spool

        program = tshark()
        with ExitStack() as stack:
            spool = stack.enter_context(Spool())
            missed = _Missed(stack, keep=False)
            streams = _rdma_streams(self._exact(self._spooled(source, spool), Watching(missed.take)))
            answers = unwrapped(program, spool, raw=missed.rdma or bool(streams))
            unwrapper = Assisted(answers, streams=streams, alone=True)
            with self._again() as frames:
                yield from self._exact(frames, unwrapper)
            self._tell(unwrapper, spool)

    def _spooled(self, source: Capture | Merged, spool: Spool) -> Iterator[Frame]:
        for frame in self._told(source):
            spool.add(frame, frame.number)
            yield frame

    def auto(self, source: Capture | Merged) -> Iterator[Batch]:
        """Decode, and again if frames were out of reach: until that is known batches wait."""
        with ExitStack() as stack:
            missed = _Missed(stack)
            done = deque(self.native(source, Watching(missed.take), fast=self._way.fast))
            streams = _rdma_streams(done)
            if missed.reasons or streams:
                try:
                    done = deque(self._helped(missed, streams, stack))
                except (TsharkError, CaptureError, OSError) as error:
                    self._way.failure = str(error)
            while done:
                yield done.popleft()

    def _helped(self, missed: _Missed, streams: frozenset[Ends], stack: ExitStack) -> Iterator[Batch]:
        from dissect.nfs4.tshark.program import tshark
        from dissect.nfs4.tshark.run import unwrapped
        from dissect.nfs4.tshark.spool import Spool

        program = tshark()
        spool = missed.spool
        if streams or spool is None:
            spool = stack.enter_context(Spool())
            with self._again() as frames:
                _spool_streams(frames, streams, spool)
        unwrapper = Assisted(unwrapped(program, spool, raw=missed.rdma or bool(streams)), streams=streams)
        with self._again() as frames:
            yield from self.native(frames, unwrapper, fast=self._way.fast and not streams)
        self._tell(unwrapper, spool)

    def _tell(self, unwrapper: Assisted, spool: Spool) -> None:
        self._way.opened, self._way.frames = unwrapper.opened, unwrapper.frames
        if unwrapper.failure is not None:
            self._way.failure = str(unwrapper.failure)
        elif spool.full:
            self._way.failure = f"the later of them take more than half of what is free in {spool.folder.parent}"


def _spool_streams(frames: Iterable[Frame], streams: frozenset[Ends], spool: Spool) -> None:
    """The frames out of reach, and those of connections that are."""
    watching = Watching(lambda frame, number, _reason: spool.add(frame, number))
    for frame in frames:
        for item in watching.feed(frame, frame.number):
            if isinstance(item, Segment) and ends_of(item) in streams:
                spool.add(frame, frame.number)


class _Missed:
    """Frames out of reach; to `keep` for tshark, if there is one."""

    def __init__(self, stack: ExitStack, *, keep: bool = True) -> None:
        self.reasons: set[str] = set()
        self.spool: Spool | None = None
        self._stack, self._keep = stack, keep

    @property
    def rdma(self) -> bool:
        return any(map(may_be_rdma, self.reasons))

    def take(self, frame: Frame, number: int, reason: str) -> None:
        if not self.reasons and self._keep:
            self._begin()
        self.reasons.add(reason)
        if self.spool is not None:
            self.spool.add(frame, number)

    def _begin(self) -> None:
        from dissect.nfs4.tshark.program import tshark
        from dissect.nfs4.tshark.spool import Spool

        # Whoever reads the answers tells what is wrong with it.
        with suppress(TsharkError):
            tshark()
            self.spool = self._stack.enter_context(Spool())


def _rdma_streams(batches: Iterable[Batch]) -> frozenset[Ends]:
    """Connections that carry RDMA."""
    wanted: set[int | None] = set()
    ends: dict[int | None, Ends] = {}
    for batch in batches:
        wanted |= {each.conn for each in batch.events if isinstance(each, Note) and each.reason == IWARP_NOTE}
        for each in batch.connections:
            initiator = each.initiator_address, each.initiator_port
            ends[each.conn] = frozenset((initiator, (each.responder_address, each.responder_port)))
    return frozenset(ends[conn] for conn in wanted if conn in ends)
