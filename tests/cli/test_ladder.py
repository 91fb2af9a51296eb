"""`nfsanalyze ladder`: what it draws, of what, and what it refuses.

The pictures in `ladders/` are what `nfsanalyze ladder samples/… --finding …` prints; write them anew with that command.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nfsanalyze.cli.app import run
from scenarios.cluster import A2
from scenarios.stories import pair, taken_over
from wire.captures import frames, written

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
PICTURES = Path(__file__).parent / "ladders"
TAKEOVER = SAMPLES / "02-v40-ucs-takeover.pcapng"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "NFSANALYZE_DEBUG"):
        monkeypatch.delenv(name, raising=False)


def drawn(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert run(["ladder", *map(str, words)]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01-v40-nonucs-takeover.pcap", ("--finding", "NFS302")),
        ("02-v40-ucs-takeover.pcapng", ("--finding", "NFS301")),
        ("03-v41-takeover.pcap", ()),
    ],
)
def test_pictures(name: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(capsys, SAMPLES / name, *words) == (PICTURES / f"{name[:2]}.txt").read_text(encoding="utf-8")


def test_all_is_every_message(capsys: pytest.CaptureFixture[str]) -> None:
    picture = drawn(capsys, TAKEOVER, "--all", "--format", "svg")
    rows = re.findall(r'class="ladder-row ladder-(\w+)"', picture)
    # COMPOUNDs as `scan` counts them, and seven NULLs with their answers
    assert sum(kind in ("call", "reply", "error", "lost") for kind in rows) == 91 + 90 + 2 * 7
    assert rows.count("lost") == 1
    assert rows.count("move") == 1


def test_lines_fit_the_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = drawn(capsys, TAKEOVER).splitlines()
        assert max(map(len, lines)) <= width
        assert any(re.search(r"\d+ renewals", line) for line in lines)
        assert any("10.0.0.2 moves" in line for line in lines)


def test_around_a_frame_is_what_came_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    picture = drawn(capsys, TAKEOVER, "--around", "241")
    numbers = [int(number) for number in re.findall(r"#(\d+)", picture)]
    assert 241 in numbers
    assert numbers == sorted(numbers)
    assert 20 <= len(numbers) <= 40
    assert min(numbers) > 200
    assert max(numbers) < 290


def test_one_server_is_one_server(capsys: pytest.CaptureFixture[str]) -> None:
    picture = drawn(capsys, TAKEOVER, "--server", "10.0.0.1", "--all", "--format", "mermaid")
    assert "10.0.0.1" in picture
    assert "to 10.0.0.2" not in picture


def test_a_stranger_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ladder", str(TAKEOVER), "--client", "10.9.9.9"]) == 0
    told = capsys.readouterr()
    assert "10.9.9.9: not seen" in told.err
    assert "nothing to show" in told.out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--finding", "NFS999"), "NFS301"),
        (("--around", "9999"), "frames 1 to 360"),
        (("--around", "x"), "give a frame"),
        (("--around", "1", "--all"), "give one of them"),
        (("--client", "web01"), "not an IP address"),
        (("-o", str(TAKEOVER)), "one of the captures"),
        (("--tz", "Nowhere"), "no such time zone"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ladder", str(TAKEOVER), *words]) == 2
    assert error in capsys.readouterr().err


@pytest.mark.parametrize("format", ["text", "svg", "mermaid"])
def test_hostile_names_are_inert(format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = '<script>alert(1)</script>";\nend\x1b[31m\u202e%%'
    p = pair(minor=0, name=name)
    taken_over(p)
    picture = drawn(capsys, p.cluster.wire.write(tmp_path / "hostile.pcap"), "--format", format)
    assert "alert(1)" in picture
    assert "\x1b" not in picture
    assert "\u202e" not in picture
    if format == "svg":
        assert "<script" not in picture
        ElementTree.fromstring(picture)
    if format == "mermaid":
        for line in picture.splitlines()[1:]:
            assert re.fullmatch(
                r"    (%% |participant A\d as |Note over A\d(,A\d)?: |A\d(-|--)(>>|x|\))A\d: )"
                r"([A-Za-z0-9 .,:()/_+='|\[\]*-]|#\d+;)*",
                line,
            ), line
            assert not re.search(r"\bend\b", line)


def test_a_file_gets_what_stdout_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.txt"
    assert drawn(capsys, TAKEOVER, "--finding", "NFS302", "-o", out) == ""
    assert out.read_text(encoding="utf-8") == drawn(capsys, TAKEOVER, "--finding", "NFS302")


def test_frames_of_several_captures_say_of_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    p = pair(minor=0)
    taken_over(p)
    taken = frames(p.cluster.wire.write(tmp_path / "story.pcap"))
    half = len(taken) // 2
    first = written(tmp_path / "first.pcap", taken[: half + 40])
    second = written(tmp_path / "second.pcap", taken[half:])
    picture = drawn(capsys, first, second)
    assert "[first.pcap]" in picture
    assert "[second.pcap]" in picture
    assert A2 in picture
    around = drawn(capsys, first, second, "--around", "second.pcap:43")
    assert re.search(r"#4[3-6][ *]", around)
    assert run(["ladder", str(first), str(second), "--around", "30"]) == 2
    assert "second.pcap" in capsys.readouterr().err
