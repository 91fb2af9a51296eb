"""The table of forms: what each holds, and who finds it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from forms.catalogue import FORMS, Form
from forms.found import TOLD, Found, by_nfsanalyze, by_tshark, present, spoken

Count = tuple[int, int]
"""Owners and COMPOUNDs."""

BLOCK = re.compile(r"(<!-- forms -->\n).*?(<!-- /forms -->)", re.DOTALL)
_HEAD = f"{'form':<42}{'there':>10}{'nfsanalyze':>12}{'tshark':>12}{'tshark, told':>14}"
_ROW = re.compile(r"^(\S.*?) {2,}(\d+ +\d+) {2,}(\d+ +\d+)(?: {2,}(\d+ +\d+))?(?: {2,}(\d+ +\d+))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What a form holds, what our decoders find of it, and what they find that was never there."""

    there: Count
    exact: Count
    fast: Count
    invented: int


@cache
def ours(form: Form) -> Ours:
    """Frames that only tshark can open are opened once: whichever decoder goes on with them."""
    made = form.make()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form"
        path.write_bytes(made.octets)
        here, said = present(made), spoken(made)
        exact = by_nfsanalyze(path, fast=False)
        fast = exact if form.helped else by_nfsanalyze(path, fast=True)
    return Ours(
        there=here.of(here),
        exact=exact.of(here),
        fast=fast.of(here),
        invented=sum(_beyond(found, said) for found in (exact, fast)),
    )


def _beyond(found: Found, said: Found) -> int:
    return (found.compounds - said.compounds).total() + (found.owners - said.owners).total()


def theirs(form: Form) -> tuple[Count, Count]:
    """What tshark finds as it comes, and when it is told where to look."""
    made = form.make()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form"
        path.write_bytes(made.octets)
        here = present(made)
        return by_tshark(path).of(here), by_tshark(path, TOLD).of(here)


def name(form: Form) -> str:
    return f"{form.group}: {form.name}"


def rendered() -> Iterator[str]:
    """The lines of the table, each when it is known."""
    yield _HEAD
    for form in FORMS:
        mine = ours(form)
        counts = [mine.there, min(mine.exact, mine.fast), *theirs(form)]
        widths = (10, 12, 12, 14)
        cells = [
            f"{f'{owners} {compounds:>4}':>{width}}" for (owners, compounds), width in zip(counts, widths, strict=True)
        ]
        yield f"{name(form):<42}{''.join(cells)}"


def quoted(text: str) -> dict[str, tuple[Count, Count]]:
    """From a text that quotes the table: of each form what is there, and what nfsanalyze finds."""
    block = BLOCK.search(text)
    rows = {}
    for line in block[0].splitlines() if block else ():
        if found := _ROW.match(line):
            rows[found[1]] = (_count(found[2]), _count(found[3]))
    return rows


def _count(cell: str) -> Count:
    owners, compounds = cell.split()
    return int(owners), int(compounds)
