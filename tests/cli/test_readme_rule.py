"""The rule of README.md, made by the steps that README.md tells."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from nfsanalyze.cli.app import run

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").split("## Write a rule of your own")[1].split("\n## ")[0]


def block(kind: str, holding: str) -> str:
    found = [
        text for text in re.findall(rf"^```{kind}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL) if holding in text
    ]
    assert found
    return found[0]


def test_the_steps_lead_to_the_rule(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(line: str) -> tuple[int, str]:
        words = shlex.split(line)
        assert words.pop(0) == "nfsanalyze"
        return run(words), capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (start,) = re.findall(r"`(nfsanalyze rules new [^`]*)`", SECTION)
    assert call(start)[0] == 0
    path = tmp_path / "nfs-rules" / "NFS900.toml"
    text = path.read_text()

    (check,) = re.findall(r"`(nfsanalyze rules test nfs-rules)`", SECTION)
    select = block("sql", "SELECT")
    message = '"{client} mounts {servers} with NFSv4.0 ({times} SETCLIENTID)"'
    text = re.sub(r"^message = .*", f"message = {message}", text, flags=re.MULTILINE)
    text = re.sub(r"^detect = '''\n.*?'''", f"detect = '''\n{select}'''", text, flags=re.MULTILINE | re.DOTALL)

    slip = block("text", "did you mean").strip()
    path.write_text(text.replace("minor_version", "minor_versoin"))
    assert call(check)[1].splitlines()[0] == slip

    path.write_text(text)
    code, out = call(check)
    assert code == 2
    assert "not expected" in out

    examples = [call(line)[1] for line in block("sh", "rules example").splitlines()]
    path.write_text(text[: text.index("[[example]]")] + "\n".join(examples))
    assert call(check) == (0, "nfs-rules/NFS900.toml: NFS900 old-minor-version: 2 examples, as expected\n1 rule good\n")

    shipped = (ROOT / "docs" / "own-rules" / "NFS900.toml").read_text()
    assert select in shipped
    assert shipped[shipped.index("tables.") :].count("frame = ") == path.read_text().count("{ frame = ")

    code, out = call("nfsanalyze scan samples/02-v40-ucs-takeover.pcapng --rules nfs-rules --select NFS900")
    assert code == 0
    assert "10.0.0.11 (client1) mounts 10.0.0.1 with NFSv4.0 (2 SETCLIENTID)" in " ".join(out.split())
