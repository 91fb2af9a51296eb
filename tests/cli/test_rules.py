"""`nfsanalyze explain` and `nfsanalyze rules`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from nfsanalyze.cli.app import run


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("word", ["NFS301", "nfs301", "trunking-gap-after-takeover"])
def test_explain_takes_ids_and_names(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "explain", word)
    assert (code, err) == (0, "")
    assert out.startswith("NFS301  trunking-gap-after-takeover\n")


def test_an_unknown_rule_is_one_line_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "explain", "NFS1O1") == (2, "", 'nfsanalyze: error: no rule "NFS1O1"; did you mean "NFS101"?\n')
    code, out, err = call(capsys, "rules", "leases")
    assert (code, out) == (2, "")
    assert err == 'nfsanalyze: error: no rule fits "leases"; did you mean "lease-gap"?\n'


def test_rules_lists_all_or_some(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "rules")
    assert "NFS001" in out
    assert "NFS406" in out
    _, out, _ = call(capsys, "rules", "identity", "nfs3")
    assert "NFS103" in out
    assert "NFS302" in out
    assert "NFS201" not in out


def test_machine_formats_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "rules", "--format", "json")
    assert {"id": "NFS202", "name": "lease-gap", "group": "lease"}.items() <= {
        key: value for row in json.loads(out) if row["id"] == "NFS202" for key, value in row.items()
    }.items()
    _, out, _ = call(capsys, "explain", "NFS202", "--format", "json")
    assert json.loads(out)["needs"] == ["lease_gaps", "leases"]


def test_a_narrow_pipe_and_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "10")
    _, out, _ = call(capsys, "rules")
    assert max(map(len, out.splitlines())) <= 60
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in call(capsys, "rules")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in call(capsys, "rules")[1]


def test_no_tables_are_loaded_to_explain() -> None:
    code = "import sys; from nfsanalyze.cli.app import run; run(['explain', 'NFS101']); print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False", done.stderr
