"""A tshark that is missing, too old or broken is told of before it is relied on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.program import FIELDS, tshark

VERSION = "TShark (Wireshark) 2.6.20 (v2.6.20)"


def pretend(folder: Path, known: frozenset[str], status: int = 0) -> None:
    """A program of that name that knows these fields."""
    lines = "\n".join(f"F\tA name\t{name}\tFT_UINT32\tparent" for name in sorted(known))
    program = folder / "tshark"
    program.write_text(f"""#!/bin/sh
[ "$1" = --version ] && echo '{VERSION}' && exit 0
cat <<'END'
P\tA protocol\tprotocol
{lines}
END
exit {status}
""")
    program.chmod(0o755)


def test_the_one_here_will_do() -> None:
    found = tshark()
    assert found.path.startswith("/") and "Wireshark" in found.version


def test_without_it_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TsharkError, match=r"tshark is not installed; install tshark 3.6 or later .*apt-get"):
        tshark()


def test_one_that_lacks_a_field_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, FIELDS - {"tcp.seq_raw", "tcp.ack_raw"})
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(
        TsharkError, match=r"2\.6\.20 .* does not know tcp.ack_raw, tcp.seq_raw: it is too old; install"
    ):
        tshark()


def test_one_that_knows_all_is_taken_whatever_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, FIELDS)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert tshark().version == VERSION


def test_one_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, FIELDS, status=3)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TsharkError, match="tshark -G ended with status 3"):
        tshark()


def test_without_pyshark_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dissect.nfs4.tshark.program.find_spec", lambda _name: None)
    with pytest.raises(TsharkError, match="pip install pyshark"):
        tshark()
