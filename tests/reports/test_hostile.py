"""One hostile story in every report: owners, tags, names, scopes and paths that hold whatever a terminal, a page, a
table or a program might obey."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from nfsanalyze.cli.app import run
from nfsanalyze.reports.terminal import render_text
from scenarios.takeover import Persona, takeover
from wire.dialogue import Session, Wire, op

ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m\r\n\x00\x7f\b"
MARKUP = "<script>alert(1)</script> | `x` [a](javascript:b) ![i](http://h/) [/dev] [red]r[/red] ]]> &amp; \"' {0} $(id)"
BIDI = "\u202eevil\u2066\u200b\ufeff\u2028"
EVIL = f"=cmd|' /C calc'!A0 {ESCAPES}{MARKUP}{BIDI}".encode() + b"\xff\xc0\xaf\xed\xa0\x80"
LONG = EVIL + b"A" * (1024 - len(EVIL) - 60)
FOLDER, FILE = f"=cmd {MARKUP}".replace("/", "%"), f"@{ESCAPES}{BIDI}`|<b>.pcap".replace("\0", "")
FORMATS = ("json", "jsonl", "sarif", "markdown", "junit")


def story() -> Wire:
    told = takeover(
        Persona(
            machinename=EVIL[:255],
            owner=lambda address: b"Linux NFSv4.0 " + LONG.replace(b"/", b"%") + b"/" + address.encode(),
            verifier=lambda _: b"\x1b[31m\x00\xff\x07",
        )
    ).wire
    c = told.connect("10.0.0.12:880", "10.0.0.1:2049", minor=1, machinename=b"\x1b]0;x\x07")
    words = EVIL.decode("utf-8", "replace")
    c.compound([op("EXCHANGE_ID", owner=EVIL, verifier=1, impl=(words, words))], tag=EVIL).reply(
        clientid=0x77, major_id=EVIL, scope=EVIL, impl=(words, words)
    )
    c.call("CREATE_SESSION", clientid=0x77, machinename=EVIL[:200]).reply(session=b"\x1b[2J\n|<b>`=cmd|!")
    s = Session(session=b"\x1b[2J\n|<b>`=cmd|!")
    c.compound(
        ["PUTROOTFH", op("LOOKUP", name=EVIL), op("OPEN", owner=EVIL, name=EVIL), "GETFH"], session=s, tag=EVIL
    ).reply([{}, {}, {"stateid": (1, b"\x1b[2J")}, {"handle": EVIL[:60]}])
    told.wait(seconds=200)
    c.compound(["PUTROOTFH"], session=s).reply([{}], sequence_status="NFS4ERR_BADSESSION")
    return told


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile") / FOLDER
    folder.mkdir()
    path = folder / FILE
    story().write(path)
    out = folder.parent
    wanted = [word for format in FORMATS for word in ("--report", f"{format}={out / format}")]
    assert run(["scan", str(path), "-o", str(out / "text"), "--all", *wanted]) == 0
    return {name: (out / name).read_bytes().decode() for name in ("text", *FORMATS)}


def test_the_story_is_told(reports: dict[str, str]) -> None:
    """It has findings, and what is hostile is in every report."""
    assert len(json.loads(reports["json"])["findings"]) >= 3
    for format, text in reports.items():
        assert "cmd|" in text or "cmd\\|" in text, format


@pytest.mark.parametrize("format", ["text", *FORMATS])
def test_nothing_is_obeyed_or_hidden(reports: dict[str, str], format: str) -> None:
    odd = {character for character in reports[format] if not character.isprintable() and character != "\n"}
    assert odd == set()


def test_text_in_colour_holds_only_our_own_colours(reports: dict[str, str]) -> None:
    text = render_text(json.loads(reports["json"]), width=100, color=True, zone=None, show_all=True)
    left = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b" not in left
    # rich took no markup for its own
    assert "[/dev]" in left and "[red]r[/red]" in left


def test_markdown_holds_no_markup_but_ours(reports: dict[str, str]) -> None:
    tokens = list(_flat(MarkdownIt("commonmark").enable("table").parse(reports["markdown"])))
    assert {token.type for token in tokens} & {"html_inline", "html_block", "link_open", "image", "fence"} == set()
    tables = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    assert tables and len(cells) > 3 * len(tables) - 1


def _flat(tokens: list[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def test_what_programs_read_is_whole(reports: dict[str, str]) -> None:
    assert json.loads(reports["json"])["schema"] == "nfsanalyze/1"
    assert all(map(json.loads, reports["jsonl"].splitlines()))
    assert ElementTree.fromstring(reports["junit"]).tag == "testsuites"
    (told,) = json.loads(reports["sarif"])["runs"]
    texts = list(_texts(told))
    assert not [text for text in texts if re.search(r"(?<!\\)\[[^\]]*\]\(", text)]
    assert not [text for text in texts if re.search(r"(?<!\{)\{\d+\}(?!\})", text)]


def _texts(value: Any) -> Iterator[str]:
    """What SARIF calls message strings, in which links and places for arguments are found."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "message":
                yield each["text"]
            else:
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


OWNERS = "SELECT owner_text, form FROM client_owners"


@pytest.mark.parametrize(
    ("format", "read"),
    [
        ("csv", lambda text: [row[0] for row in csv.reader(io.StringIO(text))][1:]),
        ("json", lambda text: [row["owner_text"] for row in json.loads(text)]),
        ("jsonl", lambda text: [json.loads(line)["owner_text"] for line in text.splitlines()]),
        ("text", str.splitlines),
    ],
)
def test_rows_of_a_query(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str, read: Callable[[str], list[str]]
) -> None:
    path = tmp_path / FILE
    story().write(path)
    assert run(["query", str(path), OWNERS, "--format", format]) == 0
    out = capsys.readouterr().out
    assert {each for each in out if not each.isprintable() and each not in "\r\n"} == set()
    cells = read(out)
    assert any("cmd|" in cell for cell in cells)
    if format == "csv":
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_tables_of_a_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in" / FOLDER
    folder.mkdir(parents=True)
    story().write(folder / FILE)
    (folder / ("=1+1\n" + FILE)).write_bytes(b"no capture")
    code = run(["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "1"])
    assert code == 0
    told = capsys.readouterr()
    assert {each for each in told.out + told.err if not each.isprintable() and each != "\n"} == set()
    text = (tmp_path / "out" / "cases.csv").read_text()
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 3
    for row in rows:
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@")) or not cell.isprintable()]
    for line in (tmp_path / "out" / "findings.jsonl").read_text().splitlines():
        assert json.loads(line)
    assert not [line for line in (tmp_path / "out" / "metrics.prom").read_text().splitlines() if not line.isprintable()]
