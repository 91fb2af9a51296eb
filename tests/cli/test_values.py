"""Values that are taken as they stand are those that typer would make of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer._click.exceptions import ClickException
from typer.main import get_command

from nfsanalyze.cli.app import app
from nfsanalyze.cli.values import lighten

LINES = [
    "scan a.pcap",
    "scan a.pcap - b.pcap --format json --client 10.0.0.1 --client 10.0.0.2 --select NFS1,NFS2 --tz local",
    "scan a.pcap --port 2049 --port 20049 --lease-time 12.5 -o out.txt --fail-on high --all --stats",
    "scan",
    "scan a.pcap --format yaml",
    "scan a.pcap --port 0",
    "scan a.pcap --port x",
    "scan a.pcap --lease-time never",
    "scan a.pcap --nonsense",
    "explain NFS101",
    "explain",
    "query a.pcap text --format csv --limit 5",
    "query a.pcap text --limit many",
    "batch a b --out results --jobs 2 --shard 1/4",
    "batch a",
    "tables client_owners --format json",
]


def read(command: Any, line: str) -> object:
    """What a command line gives the command it names, or what is wrong with it."""
    name, *words = line.split()
    try:
        context = command.commands[name].make_context(name, words)
    except ClickException as error:
        return error.format_message()
    return context.params


@pytest.mark.parametrize("line", LINES)
def test_a_command_gets_what_typer_would_give_it(line: str) -> None:
    assert read(lighten(get_command(app)), line) == read(get_command(app), line)


def test_a_plain_scan_loads_no_pydantic(tmp_path: Path) -> None:
    (tmp_path / "case.pcap").write_bytes(b"no capture")
    code = (
        "import sys; from nfsanalyze.cli.app import run; "
        f"run(['scan', {str(tmp_path / 'case.pcap')!r}, '--format', 'json', '--client', '10.0.0.1']); "
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
