"""`--redact`: nothing of an original leaves in any format, and what users name is still found."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from forms.carriers import erf
from redaction.telling import ADDRESSES, CLIENT, HOLDER, MACS, NAMES, ONE, THIRD, TWO, left, telling

from nfsanalyze.cli.app import run
from nfsanalyze.cli.output import FORMATS
from nfsanalyze.redaction.redactor import Redactor
from wire.dialogue import Wire

KEY = "a key that is long enough"
Scan = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Scan:
    monkeypatch.delenv("NFSANALYZE_REDACT_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "100000")

    def scanned(*arguments: object) -> tuple[int, str, str]:
        code = run(["scan", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return scanned


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "juliet99" / "acmecorp"
    folder.mkdir(parents=True)
    return telling(folder / "zebra-47.pcap")


def test_the_originals_are_in_reports_that_are_not_redacted(scan: Scan, case: Path) -> None:
    """Or the search for them would prove nothing."""
    told = scan(case, "--format", "json")[1] + scan(case, "--all")[1]
    for original in NAMES:
        if original not in (b"opaque-owner-of-an-open", b"Projects"):
            assert left(told, [original], ()), original
    for address in set(ADDRESSES) - {THIRD, HOLDER}:
        assert left(told, (), [address]), address
    assert left(told, (), (), MACS)


@pytest.mark.parametrize("format", FORMATS)
def test_none_of_them_is_in_one_that_is(scan: Scan, case: Path, format: str, tmp_path: Path) -> None:
    output = tmp_path / "report"
    assert scan(case, "--format", format, "--all", "-o", output, "--redact-key", KEY)[:2] == (0, "")
    files = sorted(each for each in output.rglob("*") if each.is_file()) if output.is_dir() else [output]
    assert files
    for file in files:
        told = _cells(file) if file.suffix == ".parquet" else file.read_bytes().decode("latin-1")
        assert left(told, [*NAMES, b"case of"], ADDRESSES, MACS) == []


def _cells(file: Path) -> str:
    cells = (value for column in pl.read_parquet(file).iter_columns() for value in column)
    return repr([value.hex() + repr(value) if isinstance(value, bytes) else value for value in cells])


def test_paths_keep_their_depth_and_ending(scan: Scan, case: Path) -> None:
    report = json.loads(scan(case, "--format", "json", "--redact-key", KEY)[1])
    (capture,) = report["captures"]
    assert capture["path"].count("/") == str(case).count("/")
    assert re.fullmatch(r"[a-z]{5}-[0-9]{2}\.pcap", capture["capture"])
    assert report["redacted"] is True
    assert json.loads(scan(case, "--format", "json")[1])["redacted"] is False


def test_sarif_still_points_into_the_file(scan: Scan, case: Path) -> None:
    def regions(text: str) -> list[object]:
        return re.findall(r'"byteOffset": [0-9]+', text)

    plain = regions(scan(case, "--format", "sarif")[1])
    assert regions(scan(case, "--format", "sarif", "--redact-key", KEY)[1]) == plain != []


def test_a_key_is_made_and_told_once_on_stderr(scan: Scan, case: Path) -> None:
    code, out, err = scan(case, "--format", "json", "--redact")
    (key,) = re.findall(r"under the key ([0-9a-f]{32});", err)
    assert code == 0 and err.count(key) == 1 and key not in out and err.count("\n") == 1
    assert scan(case, "--format", "json", "--redact", "--redact-key", key) == (0, out, "")
    assert scan(case, "--format", "json", "--redact")[1] != out


def test_a_key_in_the_environment(scan: Scan, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = scan(case, "--redact-key", KEY)
    plain = scan(case)
    monkeypatch.setenv("NFSANALYZE_REDACT_KEY", KEY)
    assert scan(case, "--redact") == given
    assert scan(case) == plain
    monkeypatch.setenv("NFSANALYZE_REDACT_KEY", "short")
    code, out, err = scan(case, "--redact")
    assert (code, out) == (2, "") and "NFSANALYZE_REDACT_KEY: a key needs 16 characters" in err
    assert scan(case, "--redact", "--redact-key", KEY) == given


def test_options_name_originals(scan: Scan, case: Path) -> None:
    report = json.loads(scan(case, "--format", "json", "--redact-key", KEY, "--client", CLIENT, "--server", TWO)[1])
    plain = json.loads(scan(case, "--format", "json", "--client", CLIENT, "--server", TWO)[1])
    assert len(report["clients"]) == len(plain["clients"]) == 1
    assert [f["rule"] for f in report["findings"]] == [f["rule"] for f in plain["findings"]] != []
    _, _, err = scan(case, "--redact-key", KEY, "--client", "10.99.99.99")
    assert "10.99.99.99: not seen in these captures" in err


def test_configuration_names_originals_and_is_hidden(scan: Scan, case: Path, tmp_path: Path) -> None:
    file = tmp_path / "acmecorp.toml"
    file.write_text(
        f'[[ignore]]\nrule = "NFS101"\nreason = "zebra-47 is old"\nclient = "{CLIENT}"\n'
        f'[heads]\none_server = [["{ONE}", "{TWO}"]]\n'
    )
    out = scan(case, "--format", "json", "--redact-key", KEY, "--config", file)[1]
    configuration = json.loads(out)["configuration"]
    assert configuration["ignored"][0]["findings"] > 0
    assert len(configuration["declared_heads"]) == 1
    assert left(out, NAMES, ADDRESSES) == []


def test_baselines_of_before_and_of_redacted_runs(scan: Scan, case: Path, tmp_path: Path) -> None:
    before, hidden = tmp_path / "zebra-47.json", tmp_path / "hidden.json"
    assert scan(case, "--format", "json", "-o", before)[0] == 0
    assert scan(case, "--format", "json", "-o", hidden, "--redact-key", KEY)[0] == 0
    for baseline in (before, hidden):
        code, out, _ = scan(case, "--format", "json", "--redact-key", KEY, "--baseline", baseline, "--fail-on", "note")
        report = json.loads(out)
        assert code == 0 and report["findings"]
        assert all(finding["known"] for finding in report["findings"])
        assert report["baseline"]["gone"] == 0
        assert left(out, NAMES, ()) == []


def test_what_was_not_read_is_said_without_names(scan: Scan, case: Path) -> None:
    cut = case.with_name("salaries.pcap")
    cut.write_bytes(case.read_bytes()[:-11])
    gone = case.with_name("Payroll-2026.pcap")
    broken = case.with_name("juliet99.txt")
    broken.write_text("no capture at all, but long enough to be told from one")
    code, out, _ = scan(cut, gone, broken, "--format", "json", "--redact-key", KEY)
    report = json.loads(out)
    assert code == 4 and len(report["summary"]["incomplete"]) == 3
    assert left(out, NAMES, ADDRESSES) == []
    code, out, _ = scan(broken, "--format", "json", "--redact-key", KEY)
    assert code == 3 and json.loads(out)["summary"]["incomplete"]
    assert left(out, NAMES, ADDRESSES) == []


def test_what_tshark_says_of_a_file_names_no_folder(scan: Scan, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given absolute names, and repeats them."""
    monkeypatch.chdir(case.parent)
    Path("noise").write_bytes(bytes(range(256)) * 9)
    Path("cut").write_bytes(b"".join(erf(frame) for _, frame in _wire().frames)[:-9])
    formats = sorted(set(FORMATS) - {"parquet"})
    reports = [word for format in formats for word in ("--report", f"{format}={format}")]
    assert "(its first bytes are 00 01 02" in scan(case.name, "noise", "--format", "json")[1]
    assert scan(case.name, "noise", "cut", "--redact-key", KEY, *reports)[0] == 4
    for format in formats:
        told = " ".join(Path(format).read_text().split())
        assert "tshark cannot read it either (The file isn" in told and "The file appears to" in told, format
        assert "first bytes" not in told
        assert left(told, [*NAMES, b"noise"], ADDRESSES) == []


def _wire() -> Wire:
    wire = Wire()
    wire.connect(f"{CLIENT}:871", f"{ONE}:2049").call("RENEW", clientid=1).reply()
    return wire


def test_a_stand_in_that_is_the_name_of_another_file_is_not_replaced_again(
    scan: Scan, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case.parent)
    cut, whole = "a.pcap", Redactor(KEY).path("a.pcap")
    Path(cut).write_bytes(case.read_bytes()[:-11])
    Path(whole).write_bytes(case.read_bytes())
    report = json.loads(scan(cut, whole, "--format", "json", "--redact-key", KEY)[1])
    (path,) = [each["path"] for each in report["captures"] if each["cut_short"]]
    (line,) = report["summary"]["incomplete"]
    assert path == whole and line.startswith(f"{whole}: ")


def test_a_slice_of_stand_ins_gives_the_finding_again(
    scan: Scan, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.pcapng"
    assert run(["slice", str(case), "NFS208", "-o", str(out), "--redact-key", KEY]) == 0
    capsys.readouterr()
    told = out.read_bytes()
    for name in NAMES:
        assert name not in told
    assert left(told.decode("latin-1"), (), [address for address in ADDRESSES if ":" not in address]) == []
    plain = json.loads(scan(case, "--format", "json", "--redact-key", KEY)[1])
    again = json.loads(scan(out, "--format", "json")[1])
    ids = {finding["id"] for finding in plain["findings"] if finding["rule"] == "NFS208"}
    assert ids and ids <= {finding["id"] for finding in again["findings"]}


@pytest.mark.parametrize("format", ["text", "svg", "mermaid"])
def test_a_ladder_of_stand_ins(case: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ladder", str(case), "--format", format, "--redact-key", KEY, "--client", CLIENT]) == 0
    told = capsys.readouterr().out
    assert "SETCLIENTID" in told
    assert left(told, NAMES, ADDRESSES, MACS) == []


def test_a_ladder_is_asked_for_by_originals(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case.parent)
    Path("second.pcap").write_bytes(case.read_bytes())
    asked = ["ladder", case.name, "second.pcap", "--redact-key", KEY]
    assert run([*asked, "--around", f"{case.name}:20", "--client", "10.99.99.99"]) == 0
    told = capsys.readouterr()
    assert "10.99.99.99: not seen in these captures" in told.err
    assert left(told.out, NAMES, ADDRESSES, MACS) == []
    assert run([*asked, "--around", "20"]) == 2
    assert f"there are several: {case.name}:FRAME, second.pcap:FRAME" in capsys.readouterr().err


@pytest.mark.parametrize("hidden", [(), ("--redact-key", KEY), ("--redact-key", "another key, as long")])
def test_names_of_files_that_are_no_text(
    hidden: tuple[str, ...], case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of old systems, and what stands for letters that take two octets."""
    names = [str(case.parent / os.fsdecode(name)) for name in (b"\xff\xe9t\xe9.pcap", "\u00fcber.pcap".encode())]
    for name in names:
        Path(name).write_bytes(case.read_bytes())
        reports = [word for format in FORMATS for word in ("--report", f"{format}={tmp_path / format}")]
        assert run(["scan", name, *hidden, *reports]) == 0
        assert '"byteOffset": ' in (tmp_path / "sarif").read_text()
        json.loads((tmp_path / "json").read_text())["captures"][0]["path"].encode()
        assert run(["slice", name, "NFS208", "-o", str(tmp_path / "out.pcapng"), *hidden]) == 0
        assert run(["ladder", name, "--around", f"{name}:20", *hidden]) == 0
        capsys.readouterr()
