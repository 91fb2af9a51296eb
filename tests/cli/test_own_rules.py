"""Rules of the user's own: written, tested, fed from a capture, used by a scan."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from nfsanalyze.cli.app import run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLONES = str(SAMPLES / "08a-v41-cloned-owner.pcap")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_from_nothing_to_a_finding(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    code, out, err = call(capsys, "rules", "new", "often-there")
    assert (code, err) == (0, "")
    assert out.startswith("nfs-rules/NFS900.toml\n")
    assert call(capsys, "rules", "test", "nfs-rules") == (
        0,
        "nfs-rules/NFS900.toml: NFS900 often-there: 2 examples, as expected\n1 rule good\n",
        "",
    )
    code, out, _ = call(capsys, "scan", CLONES, "--rules", "nfs-rules", "--select", "NFS9", "--format", "json")
    findings = json.loads(out)["findings"]
    assert {(f["rule"], f["name"], f["severity"]) for f in findings} == {("NFS900", "often-there", "low")}
    _, out, _ = call(capsys, "scan", CLONES, "--rules", "nfs-rules", "--select", "often-there")
    assert "more: nfsanalyze explain NFS900 --rules DIR" in out
    _, out, _ = call(capsys, "explain", "NFS900", "--rules", "nfs-rules")
    assert out.startswith("NFS900  often-there\n")
    _, out, _ = call(capsys, "rules", "own", "--rules", "nfs-rules")
    assert [line.split()[0] for line in out.splitlines()] == ["id", "NFS900"]
    code, out, _ = call(capsys, "rules", "new", "another")
    assert (code, out.splitlines()[0]) == (0, "nfs-rules/NFS901.toml")


def test_an_example_from_a_capture_can_be_pasted(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    call(capsys, "rules", "new", "often-there")
    path = home / "nfs-rules" / "NFS900.toml"
    for word, *options in (["NFS900", "--rules", "nfs-rules"], [str(path)]):
        code, out, err = call(capsys, "rules", "example", word, CLONES, *options, "--name", "two clones")
        assert code == 0
        assert err == "nfsanalyze: this is finding 1 of 2; --finding N gives another\n"
        assert tomllib.loads(out)["example"][0]["name"] == "two clones"
    path.write_text(path.read_text() + "\n" + out)
    assert call(capsys, "rules", "test", str(path))[1].startswith(
        f"{path}: NFS900 often-there: 3 examples, as expected\n"
    )


def test_a_silent_capture_gives_an_example_that_does_not_fire(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "rules", "example", "NFS301", CLONES)
    assert code == 0
    assert tomllib.loads(out)["example"][0]["expect"] == []
    assert err == "nfsanalyze: NFS301 finds nothing in these captures: this example must not fire\n"


def test_faults_of_a_file_are_told_with_their_place(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    call(capsys, "rules", "new", "often-there")
    path = home / "nfs-rules" / "NFS900.toml"
    good = path.read_text()
    line = good[: good.index("GROUP BY client")].count("\n") + 1
    for old, new, fault in (
        ('severity = "low" ', 'severity = "lwo" ', 'severity: "lwo" is none of note, low, medium, high, critical; did'),
        (
            "GROUP BY client,",
            "GROUP BY clint,",
            f'NFS900.toml:{line}:10: detect: no column "clint"; did you mean "client"?',
        ),
        ("FROM client_owners", "FROM client_owner", 'detect: no table "client_owner"; did you mean "client_owners"?'),
        ("FROM client_owners", "FROM read_csv('/etc/passwd')", "detect: read_csv() is not allowed"),
        ("{times}", "{tmes}", 'message: {tmes} is no column of detect; did you mean "times"?'),
        ('id = "NFS900"', 'id = "NFS101"', "id: NFS101 is not free: NFS900 to NFS999 belong to your own rules"),
        ("HAVING COUNT(*) > 4", "", "not expected: low, frames [1, 2]"),
    ):
        assert old in good
        path.write_text(good.replace(old, new, 1))
        code, out, err = call(capsys, "rules", "test", "nfs-rules")
        assert (code, err) == (2, "")
        assert fault in out
        assert out.endswith("0 rules good, 1 not\n")
        if "expected" not in fault:
            code, out, err = call(capsys, "scan", str(home / "not-even-read.pcap"), CLONES, "--rules", "nfs-rules")
            assert (code, out) == (2, "")
            assert fault in err
            assert len(err.splitlines()) == 1


def test_a_rule_may_read_tables_of_volume(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    call(capsys, "rules", "new", "badsession")
    path = home / "nfs-rules" / "NFS900.toml"
    text = path.read_text()
    start, end = text.index("SELECT client, server"), text.index("'''\n\nwhat")
    detect = """SELECT client, server_address AS servers, COUNT(*) AS times, ARRAY_AGG(frame ORDER BY frame) AS frames
FROM ops WHERE status_name = 'NFS4ERR_BADSESSION' GROUP BY client, server_address
"""
    text = (text[:start] + detect + text[end:]).replace('needs = ["client_owners"]', 'needs = ["ops"]')
    path.write_text(text)
    _, out, _ = call(capsys, "scan", CLONES, "--rules", "nfs-rules", "--select", "NFS900", "--format", "json")
    assert json.loads(out)["findings"]


def test_rules_are_filtered_by_severity(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "rules", "--severity", "critical", "--format", "json")
    assert {row["severity"] for row in json.loads(out)} == {"critical"}
    _, out, _ = call(capsys, "rules", "list", "capture", "--severity", "critical")
    assert out == "No such rule.\n"


def test_what_cannot_be_is_2(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (home / "file").write_text("")
    (home / "nfs-rules").mkdir()
    (home / "nfs-rules" / "NFS900.toml").write_text("no rule")
    for arguments, fault in (
        (("rules", "new", "fine"), "NFS900.toml: not TOML"),
        (("rules", "new", "Bad Name", "elsewhere"), "is no name for a rule"),
        (("rules", "new", "lease-gap", "elsewhere"), "lease-gap is the name of NFS202"),
        (("rules", "new", "fine", "file"), "file: is a file; give the folder for your rules"),
        (("rules", "test", "gone"), "no rules found in gone: no such file or folder"),
        (("rules", "example", "NFS999", CLONES), 'no rule "NFS999"'),
        (("rules", "example", "NFS101", "gone.pcap"), "gone.pcap: no such file"),
        (("scan", CLONES, "--rules", "gone"), "no rules found in gone: no such file or folder"),
        (("explain", "NFS101", "--rules", "nfs-rules"), "NFS900.toml: not TOML"),
    ):
        code, out, err = call(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert fault in err
        assert len(err.splitlines()) == 1
    assert not (home / "elsewhere").exists()


def test_help_of_the_group_and_of_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "rules", "--help")
    assert code == 0
    assert all(f"  {name} " in out for name in ("list", "new", "test", "example"))
    for name in ("list", "new", "test", "example"):
        assert call(capsys, "rules", name, "--help")[0] == 0
