"""Batches joined into one trace, whatever their size and order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.nfs4.batch import MESSAGE, OP, Batch, Kind
from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import exact
from nfsanalyze.facts.trace import Trace, frame_of, join
from scenarios.facts import traced
from scenarios.stories import pair, taken_over
from wire.dialogue import Wire


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> list[Batch]:
    p = pair(minor=1)
    taken_over(p)
    path: Path = p.cluster.wire.write(tmp_path_factory.mktemp("trace") / "story.pcap")
    with open_capture(str(path)) as capture:
        return list(exact(capture))


def split(batch: Batch, at: int) -> list[Batch]:
    """One batch as two that share its keys and credentials."""
    border = batch.messages["id"][at] if at < len(batch.messages) else np.uint64(2**63)
    out = []
    for early in (True, False):
        rows = batch.messages["id"] < border
        ops = batch.ops["id"] < border
        out.append(
            Batch(
                messages=batch.messages[rows if early else ~rows],
                ops=batch.ops[ops if early else ~ops],
                details=[d for d in batch.details if (d[0] < border) == early],
                keys=batch.keys,
                connections=batch.connections if early else (),
                credentials=batch.credentials,
                events=() if early else batch.events,
            )
        )
    return out


def same(one: Trace, other: Trace) -> None:
    for name, column in one.messages.items():
        assert column.tolist() == other.messages[name].tolist(), name
    assert one.ops["row"].tolist() == other.ops["row"].tolist()
    assert [one.keys[k] for k in one.ops["key"].tolist()] == [other.keys[k] for k in other.ops["key"].tolist()]
    assert one.details == other.details
    assert one.connections == other.connections
    assert (one.tcp, one.links, one.gaps, one.notes) == (other.tcp, other.links, other.gaps, other.notes)


@given(st.data())
def test_the_size_and_order_of_batches_change_nothing(batches: list[Batch], data: st.DataObject) -> None:
    cut = [part for batch in batches for part in split(batch, data.draw(st.integers(0, len(batch.messages))))]
    same(join(data.draw(st.permutations(cut))), join(batches))


def test_nothing_at_all() -> None:
    empty = join([])
    assert (len(empty.messages), empty.details, empty.connections) == (0, {}, {})
    assert (empty.row(5), len(empty.ops_of(5))) == (-1, 0)


def test_look_ups() -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    answered = c.call("RENEW", clientid=1).reply()
    lonely = c.call("RENEW", clientid=2)
    trace = traced(w)
    first, reply, second = trace.messages["id"].tolist()
    assert [frame_of(i) for i in (first, reply, second)] == [answered.frame, answered.answer, lonely.frame]
    assert [trace.row(i) for i in (first, reply, second, second + 1)] == [0, 1, 2, -1]
    assert [trace.answer(row) for row in range(3)] == [1, 0, -1]
    assert [trace.frame(row) for row in range(3)] == [answered.frame, answered.answer, lonely.frame]
    assert [trace.keys[int(trace.ops["key"][at])] for at in trace.ops_of(2)] == [(2).to_bytes(8, "big")]
    assert trace.time(0) < trace.time(1)


def rows(*given: dict[str, int]) -> Batch:
    messages = np.zeros(len(given), MESSAGE)
    for at, fields in enumerate(given):
        for name, value in fields.items():
            messages[name][at] = value
    return Batch(messages=messages, ops=np.zeros(0, OP))


def test_of_two_replies_to_a_call_the_first_answers_it() -> None:
    one, other = rows({"id": 9, "call": 3}), rows({"id": 3}, {"id": 5, "call": 3}, {"id": 7, "call": 1})
    assert join([one, other]).messages["answer"].tolist() == [1, 0, -1, 0]


def test_calls_of_other_programs_are_counted() -> None:
    other, call = int(Kind.OTHER_CALL), int(Kind.COMPOUND_CALL)
    mounts = [{"id": at, "kind": other, "prog": 100005} for at in (1, 2)]
    assert join([rows(*mounts, {"id": 3, "kind": call, "prog": 100003}), rows(*mounts[:1])]).programs == {100005: 3}
