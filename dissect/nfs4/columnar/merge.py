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
    plain = decoded.messages if decoded.plain.all() else decoded.messages[decoded.plain]
    if not len(plain):
        return batch
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
        messages=_merged(plain, rest),
        ops=_merged(decoded.ops, others),
        details=sorted([*details, *batch.details], key=itemgetter(0, 1)),
        keys=list(keys),
        connections=batch.connections,
        credentials=list(credentials),
        events=batch.events,
    )


def _merged(many: NDArray[np.void], few: NDArray[np.void]) -> NDArray[np.void]:
    """Rows in the order of ids; those of one id are all on one side."""
    if not len(few):
        return many
    before: Index = np.searchsorted(many["id"].copy(), few["id"].copy())
    merged = np.empty(len(many) + len(few), many.dtype)
    place = before + np.arange(len(few))
    left = np.ones(len(merged), np.bool_)
    left[place] = False
    merged[place], merged[left] = few, many
    return merged
