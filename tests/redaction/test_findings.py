"""Findings survive redaction: same rules, same severities, same frames, whoever they are about."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from decoded import CAPTURES, SAMPLES
from redaction.telling import ADDRESSES, CLIENT, MACS, NAMES, ONE, TWO, left, telling

from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.engine.ignore import Ignore
from nfsanalyze.redaction.redactor import Redactor
from nfsanalyze.state.declared import Declared

KEY = "0123456789abcdef"


def said(done: Analysis) -> Any:
    """What an analysis says, without names."""
    return (
        Counter((f.rule, f.severity, f.confidence, tuple(f.frames), len(f.evidence)) for f in done.findings),
        Counter((n.rule, n.kinds) for n in done.not_evaluable),
        {name: table.height for name, table in done.tables.items()},
    )


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_on_every_sample(path: Path) -> None:
    assert said(analyse([str(path)], redactor=Redactor(KEY))) == said(analyse([str(path)]))


@pytest.mark.parametrize("key", ["a key of sixteen", "another one, longer still", KEY])
def test_on_owners_of_every_kind(tmp_path: Path, key: str) -> None:
    path = str(telling(tmp_path / "case.pcap"))
    plain = analyse([path])
    assert {"NFS101", "NFS208", "NFS302"} <= {finding.rule for finding in plain.findings}
    assert said(analyse([path], redactor=Redactor(key))) == said(plain)


def test_on_several_captures(tmp_path: Path) -> None:
    """The captures know originals only, and are asked about them."""
    paths = [str(SAMPLES / "12-02-loss50.pcap"), str(SAMPLES / "12-02-dup.pcap")]
    assert said(analyse(paths, redactor=Redactor(KEY))) == said(analyse(paths))


def test_what_is_told_of_originals_is_heeded(tmp_path: Path) -> None:
    path = str(telling(tmp_path / "case.pcap"))
    declared = Declared(one=(frozenset({ONE, TWO}),))
    ignore = [Ignore(rule="NFS101", reason="juliet99 said so", client=CLIENT), Ignore(rule="NFS302", reason="--ignore")]
    plain = analyse([path], declared=declared, ignore=ignore)
    hidden = analyse([path], declared=declared, ignore=ignore, redactor=Redactor(KEY))
    assert said(hidden) == said(plain)
    assert [each.findings for each in hidden.ignored] == [each.findings for each in plain.ignored] != [0, 0]
    assert [each.ignore.reason for each in hidden.ignored] == ["redacted", "--ignore"]
    assert hidden.tables["declared_heads"].height == 1


def test_no_table_holds_an_original(tmp_path: Path) -> None:
    """Tables hold more than reports show, and go into Parquet as they are."""
    path = str(telling(tmp_path / "case.pcap"))

    def told(done: Analysis) -> str:
        cells = (value for table in done.tables.values() for column in table.iter_columns() for value in column)
        return repr([value.hex() + repr(value) if isinstance(value, bytes) else value for value in cells])

    plain, hidden = told(analyse([path])), told(analyse([path], redactor=Redactor(KEY)))
    handles = [b"handle of the figures", b"handle of salaries"]
    assert set(ADDRESSES) == set(left(plain, (), ADDRESSES)) & set(ADDRESSES)
    assert left(plain, [*NAMES, *handles], (), MACS)
    assert left(hidden, [*NAMES, *handles], ADDRESSES, MACS) == []


def test_one_key_makes_one_report(tmp_path: Path) -> None:
    path = str(telling(tmp_path / "case.pcap"))
    once, again, other = (analyse([path], redactor=Redactor(key)) for key in (KEY, KEY, KEY + "0"))
    assert [f.message for f in once.findings] == [f.message for f in again.findings]
    assert [f.id for f in once.findings] == [f.id for f in again.findings]
    assert not {f.message for f in once.findings} & {f.message for f in other.findings}
