"""What the shell is offered, asked as shells ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nfsanalyze.cli.output import FORMATS

ROOT = Path(__file__).resolve().parents[2]


def offered(line: str, folder: Path) -> list[str]:
    """Words that bash is given for the last word of a line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_NFSANALYZE_COMPLETE": "complete_bash",
    }
    program = str(Path(sys.executable).with_name("nfsanalyze"))
    done = subprocess.run([program], env=environment, cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("nfsanalyze explain NFS30", ["NFS301", "NFS302", "NFS309"]),
        ("nfsanalyze explain trunking-g", ["trunking-gap-after-takeover"]),
        ("nfsanalyze scan --select NFS101,nfs30", ["NFS101,nfs301"]),
        ("nfsanalyze scan --select lea", ["lease", "lease-gap"]),
        ("nfsanalyze scan --ignore identity,own", ["identity,own", "identity,owner-changed-same-host"]),
        ("nfsanalyze rules list sess", ["session"]),
        ("nfsanalyze scan --format js", ["json", "jsonl"]),
        ("nfsanalyze scan --report ", [f"{name}=" for name in FORMATS]),
        ("nfsanalyze scan --report s", ["sarif="]),
        ("nfsanalyze scan --fail-on ", ["note", "critical"]),
        ("nfsanalyze tables client_", ["client_owners"]),
        ("nfsanalyze sc", ["scan"]),
        ("nfsanalyze scan --sel", ["--select"]),
    ],
)
def test_offers(line: str, some: list[str], tmp_path: Path) -> None:
    found = offered(line, tmp_path)
    assert [word for word in some if word not in found] == []
    assert all(word.startswith(line.rpartition(" ")[2]) for word in found)


def test_rules_of_the_configuration_are_offered(tmp_path: Path) -> None:
    (tmp_path / "nfsanalyze.toml").write_text(f'rules = ["{ROOT / "docs" / "own-rules"}"]\n')
    assert offered("nfsanalyze explain NFS9", tmp_path) == ["NFS900"]


def test_a_faulty_configuration_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "nfsanalyze.toml").write_text("rules = 7\n")
    assert "NFS101" in offered("nfsanalyze explain NFS1", tmp_path)
