"""The program as a whole: help, version, and how little it loads for them."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from nfsanalyze import __version__

Stage = Any

HEAVY = ("polars", "numpy", "dpkt", "rich", "pyshark")


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options)


def test_version(stage: Stage) -> None:
    assert stage("--version") == (0, f"nfsanalyze {__version__}\n", "")


def test_the_project_and_the_program_have_one_version() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__


def test_help_names_commands_and_exit_codes(stage: Stage) -> None:
    code, out, _ = stage("--help")
    assert code == 0
    assert "scan" in out
    assert "Exit codes: 0 done; 1 findings" in " ".join(out.split())


def test_help_of_scan_names_its_options(stage: Stage) -> None:
    code, out, _ = stage("scan", "--help")
    assert code == 0
    options = "--format --output --client --server --port --lease-time --select --ignore --fail-on --tz --all"
    assert [option for option in options.split() if option not in out] == []


def test_an_unknown_command_is_2_and_a_misspelt_one_is_answered(stage: Stage) -> None:
    code, out, err = stage("scn", "x.pcap")
    assert (code, out) == (2, "")
    assert "scn" in err


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from nfsanalyze.cli.app import run; run(['scan', '--help']);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = python("-c", code)
    assert done.stderr.strip() == "[]"


def test_module_and_console_script_are_one_program() -> None:
    done = python("-m", "nfsanalyze", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"nfsanalyze {__version__}\n", "")


@pytest.mark.parametrize("descriptor", [1, 2])
def test_streams_that_were_closed_before_the_start_are_no_fault(descriptor: int) -> None:
    other = 3 - descriptor
    command = [sys.executable, "-m", "nfsanalyze", "rules"]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {descriptor}>&-', "sh", *command], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "internal error" not in (done.stdout, done.stderr)[other - 1]


def test_a_pipe_closed_early_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "nfsanalyze", "scan", "--help"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert done.stderr == ""
