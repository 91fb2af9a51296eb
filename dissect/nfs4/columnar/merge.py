"""One batch of what was decoded together and what was decoded one by one."""

from __future__ import annotations

from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Batch, Credential
from dissect.nfs4.columnar.messages import Decoded
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.gather import Gather


def batch_of(
    gather: Gather, decoded: Decoded, keys: dict[bytes, int], credentials: dict[Credential | None, int]
) -> Batch | None:
    """All rows of a window; None if there are none. `keys` and `credentials` number those of `decoded`, and grow."""
    batch = gather.flush()
    if not decoded.plain.any():
        return batch
    plain, odd = decoded.messages, np.flatnonzero(~decoded.plain)
    details = decoded.details
    if batch is None:
        details.sort(key=itemgetter(0, 1))
        return Batch(messages=plain, ops=decoded.ops, details=details, keys=list(keys), credentials=list(credentials))
    numbers = np.array([keys.setdefault(key, len(keys)) for key in batch.keys], np.int64)
    people = np.array([credentials.setdefault(each, len(credentials)) for each in batch.credentials], np.int64)
    rest, others = batch.messages, batch.ops
    rest["credential"] = people[rest["credential"]]
    others["key"] = numbers[others["key"]]
    return Batch(
        messages=_merged(plain, odd, rest),
        ops=_merged(decoded.ops, odd[:0], others),
        details=sorted([*details, *batch.details], key=itemgetter(0, 1)),
        keys=list(keys),
        connections=batch.connections,
        credentials=list(credentials),
        events=batch.events,
    )


def _merged(many: NDArray[np.void], out: Index, few: NDArray[np.void]) -> NDArray[np.void]:
    """Rows in the order of ids, the many without those at the positions `out`; no id is on both sides."""
    if not len(out) and not len(few):
        return many
    stops = np.concatenate([out, np.searchsorted(many["id"].copy(), few["id"].copy())])
    what = np.concatenate([np.full(len(out), -1), np.arange(len(few))])
    order = np.argsort(stops, kind="stable")
    # As octets: NumPy takes long over each row of fields.
    data, rows, size = many.view(np.uint8).data, few.view(np.uint8).data, many.dtype.itemsize
    parts, at = [], 0
    for stop, row in zip(stops[order].tolist(), what[order].tolist(), strict=True):
        if stop > at:
            parts.append(data[at * size : stop * size])
            at = stop
        if row < 0:
            at = stop + 1
        else:
            parts.append(rows[row * size : (row + 1) * size])
    parts.append(data[at * size :])
    return np.frombuffer(bytearray().join(parts), many.dtype)
