"""Renewals counted in stretches of their lease, made from arrays: what a drawing needs of a million of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.sets import distinct
from nfsanalyze.facts.schema import polars_schema
from nfsanalyze.state.infer import Case
from nfsanalyze.state.tables.series import column

if TYPE_CHECKING:
    import polars as pl

ROWS = 20_000
"""About how many rows all leases share; each has between `FEWEST` and `MOST` stretches at an address."""

FEWEST, MOST = 16, 400


def renewal_bins(case: Case) -> pl.DataFrame:
    """renewal_bins."""
    import polars as pl

    found = [lease for lease in case.leases if len(lease.times)]
    if not found:
        return pl.DataFrame(schema=polars_schema("renewal_bins"))
    addresses = sorted({case.links[conn].server_address for lease in found for conn in distinct(lease.conns).tolist()})
    leases = np.repeat(np.array([lease.lease for lease in found]), [len(lease.times) for lease in found])
    times = np.concatenate([lease.times for lease in found])
    frames = np.concatenate([lease.frames for lease in found])
    place = {address: at for at, address in enumerate(addresses)}
    conns, of = np.unique(np.concatenate([lease.conns for lease in found]), return_inverse=True)
    at = np.array([place[case.links[conn].server_address] for conn in conns.tolist()])[of]

    order = np.lexsort((frames, times, at, leases))
    leases, at, times, frames = leases[order], at[order], times[order], frames[order]
    begins = _differs(leases) | _differs(at)
    starts = np.flatnonzero(begins | _differs(_stretches(times, begins)))
    ends = np.append(starts[1:], len(times))
    # lists, because making series of arrays loads masked arrays
    columns: dict[str, list[Any]] = {
        "lease": leases[starts].tolist(),
        "server_address": [addresses[each] for each in at[starts].tolist()],
        "first_frame": frames[starts].tolist(),
        "first": times[starts].tolist(),
        "last": times[ends - 1].tolist(),
        "count": (ends - starts).tolist(),
    }
    schema = polars_schema("renewal_bins")
    return pl.DataFrame([column(name, columns[name], kind) for name, kind in schema.items()])


def _differs(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where another value begins."""
    return np.append(True, values[1:] != values[:-1])


def _stretches(times: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number of the stretch that each renewal lies in, counted from the first of its lease at its address."""
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(times)))
    first, last = times[starts], times[starts + sizes - 1]
    many = min(MOST, max(FEWEST, ROWS // len(starts)))
    width = np.maximum(1, -(-(last - first + 1) // many))
    stretches: NDArray[np.int64] = (times - np.repeat(first, sizes)) // np.repeat(width, sizes)
    return stretches
