"""One conversation in many forms: all owners and COMPOUNDs that a form still holds are found, and no others."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from forms import shapes
from forms.base import talk
from forms.catalogue import FORMS, Form, Made, cut, made_of, size
from forms.found import by_nfsanalyze, present, spoken
from forms.table import name, ours, quoted

from dissect.nfs4.capture import open_capture

README = Path(__file__).resolve().parents[2] / "README.md"


def check(made: Made, path: Path, *, fast: bool) -> None:
    path.write_bytes(made.octets)
    found, here, said = by_nfsanalyze(path, fast=fast), present(made), spoken(made)
    assert here.compounds - found.compounds == {}
    assert here.owners - found.owners == {}
    assert found.compounds - said.compounds == {}
    assert found.owners - said.owners == {}


QUOTED = quoted(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_every_owner_and_every_compound_is_found(form: Form) -> None:
    """README.md shows the same; its columns of tshark are of the version that it names."""
    found = ours(form)
    assert found.exact == found.fast == found.there
    assert found.invented == 0
    assert found.there[1] > 100
    assert QUOTED[name(form)] == (found.there, found.exact)


def test_the_readme_shows_every_form() -> None:
    assert list(QUOTED) == [name(form) for form in FORMS]


@pytest.mark.parametrize("seed", range(6))
def test_wherever_the_file_is_cut(seed: int, tmp_path: Path) -> None:
    dice = Random(seed)
    for _ in range(4):
        check(cut(dice.randrange(30, size())), tmp_path / "cut.pcap", fast=bool(seed % 2))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_lost_and_wherever_it_begins(seed: int, tmp_path: Path) -> None:
    dice = Random(seed)
    for share in (0.02, 0.1, 0.4):
        lose, begin = shapes.lost(share, dice.randrange(1 << 30)), shapes.from_part(dice.random() * 0.8)
        made = made_of(lambda segs, lose=lose, begin=begin: lose(begin(segs)))
        check(made, tmp_path / "lost.pcap", fast=bool(seed % 2))


SPLITS = (shapes.cut_at(2), shapes.cut_at(64), shapes.pieces_of(64), shapes.thirds, shapes.joined)
ORDERS = (shapes.out_of_order, shapes.swapped, shapes.retransmitted, shapes.overlapping)


@pytest.mark.parametrize("fast", [False, True], ids=["exact", "fast"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
def test_pieces_in_any_order(order: shapes.Shape, fast: bool, tmp_path: Path) -> None:
    for split in SPLITS:
        check(made_of(lambda segs, split=split: order(split(segs))), tmp_path / "mixed.pcap", fast=fast)


def test_what_the_forms_are_made_of() -> None:
    """Three whole conversations, of two versions, with callbacks."""
    kinds = {(record.compound, record.reply) for record in talk().records}
    assert kinds == {(True, False), (True, True), (False, False), (False, True)}
    assert {record.owner for record in talk().records if record.owner} == {
        b"Linux NFSv4.0 client1/10.0.0.1",
        b"Linux NFSv4.0 client1/10.0.0.2",
        b"Linux NFSv4.0 client2/10.0.0.1",
        b"Linux NFSv4.1 client1",
    }


def test_every_form_is_another_and_what_it_says(tmp_path: Path) -> None:
    formats, links, files = set(), set(), set()
    for form in FORMS:
        path = tmp_path / "form"
        path.write_bytes(form.make().octets)
        files.add(path.read_bytes())
        with open_capture(path) as capture:
            next(iter(capture))
            formats.add(capture.format)
            links |= set(capture.link_types)
    assert len(files) == len(FORMS)
    assert formats == {"pcap", "pcapng", "snoop", *(f"pcap+{name}" for name in ("gzip", "zstd", "lz4", "xz", "bzip2"))}
    assert links == {"ethernet", "null", "raw", "loop", "linux-sll", "linux-sll2", "nflog", "erf"}
