"""The documentation against the program: nothing undocumented, nothing shown that is not so."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from nfsanalyze.cli.app import run
from nfsanalyze.config import parse_config
from nfsanalyze.engine.loader import load_rules
from nfsanalyze.engine.select import select_rules

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


def shown() -> list[list[str]]:
    """Every command line of ours in the documentation, in words."""
    lines = []
    for page in ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))):
        text = (ROOT / page).read_text(encoding="utf-8")
        lines += re.findall(r"(?:^\$ |^|`|/)nfsanalyze ([a-z][^`\n]*)", text, re.MULTILINE)
    return [shlex.split(line.replace("…", "...")) for line in lines if not line.startswith("reads ")]


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)[:60]) for words in shown()])
def test_every_command_of_the_documentation_exists(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    group = words[:2] if words[0] == "rules" and words[1:2] and words[1] in commands(capsys, "rules") else words[:1]
    assert run([*group, "--help"]) == 0
    page = capsys.readouterr().out
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    assert [option for option in options if option not in page] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_explains_itself(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", rule]) == 0
    page = capsys.readouterr().out
    assert rule in page
    assert RULES[rule].name in page


def test_the_readme_shows_what_the_commands_print() -> None:
    command = [sys.executable, str(ROOT / "tools" / "shown_output.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"<!-- output( \d+-\d+)?:scan samples/", README)


def test_the_man_page_says_what_the_help_says() -> None:
    command = [sys.executable, str(ROOT / "tools" / "man_page.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_rule_has_its_page() -> None:
    command = [sys.executable, str(ROOT / "tools" / "rule_pages.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in (ROOT / "docs" / "rules").glob("NFS*.md")} == set(RULES)


def test_links_between_pages_lead_somewhere() -> None:
    for path in (ROOT / "docs").rglob("*.md"):
        text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        assert [link for link in links if not (path.parent / link).exists()] == [], path


def test_files_that_the_documentation_names_are_there() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        named = re.findall(r"`((?:nfsanalyze|dissect|rules|samples|tests|tools|benchmarks)/[\w./-]*)`", text)
        elsewhere = {"nfsanalyze/1", "nfsanalyze/_rules"}  # a schema's name, a folder of the wheel
        assert [name for name in links + named if name not in elsewhere and not (ROOT / name).exists()] == [], page


def test_the_configuration_of_the_readme_is_one() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    config = parse_config(text, "nfsanalyze.toml", ROOT)
    assert all(getattr(config, field.name) != field.default for field in fields(config))
    select_rules(list(RULES.values()), [*config.select, *(each.rule for each in config.ignore)])


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_make_targets_that_the_documentation_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`?\bmake ([a-z-]+)`", (ROOT / page).read_text())) <= targets


def test_the_schema_is_valid_json() -> None:
    json.loads((ROOT / "nfsanalyze" / "reports" / "nfsanalyze-1.schema.json").read_text())


def test_the_page_on_servers_shows_what_the_samples_do() -> None:
    command = [sys.executable, str(ROOT / "tools" / "server_table.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
