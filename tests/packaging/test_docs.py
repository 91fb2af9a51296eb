"""The documentation against the program: nothing undocumented, nothing shown that is not so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nfsanalyze.cli.app import run
from nfsanalyze.engine.loader import load_rules

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RULES = {rule.id: rule for rule in load_rules()}


def commands(capsys: pytest.CaptureFixture[str], *group: str) -> list[str]:
    """Names under `Commands:` of a help page."""
    run([*group, "--help"])
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", capsys.readouterr().out, re.MULTILINE)
    assert listed
    return re.findall(r"^  ([a-z]+)  ", listed[1], re.MULTILINE)


def test_every_command_is_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    names = commands(capsys)
    assert "scan" in names
    assert [name for name in names if f"nfsanalyze {name}" not in README] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_explains_itself(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", rule]) == 0
    page = capsys.readouterr().out
    assert rule in page
    assert RULES[rule].name in page


def test_the_readme_shows_what_the_commands_print() -> None:
    command = [sys.executable, str(ROOT / "tools" / "readme_output.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "<!-- output:scan samples/" in README


def test_files_that_the_documentation_names_are_there() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        named = re.findall(r"`((?:nfsanalyze|dissect|rules|samples|tests|tools|benchmarks)/[\w./-]*)`", text)
        elsewhere = {"nfsanalyze/1", "nfsanalyze/_rules"}  # a schema's name, a folder of the wheel
        assert [name for name in links + named if name not in elsewhere and not (ROOT / name).exists()] == [], page


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_make_targets_that_the_documentation_names_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`?\bmake ([a-z]+)`", (ROOT / page).read_text())) <= targets


def test_the_schema_is_valid_json() -> None:
    json.loads((ROOT / "nfsanalyze" / "reports" / "nfsanalyze-1.schema.json").read_text())
