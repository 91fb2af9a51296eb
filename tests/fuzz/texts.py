"""Targets that take text: what people write in files, what tshark says, and names out of the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from types import SimpleNamespace

import polars as pl

from dissect.nfs4.rpc.header import credential_of
from dissect.nfs4.tshark.answer import read_answer, segment
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.packet import answer
from nfsanalyze.config import ConfigError, parse_config
from nfsanalyze.engine.loader import parse_rule
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.sql import compile_rule, lazy
from nfsanalyze.engine.statement import Statement, StatementError, statement
from nfsanalyze.facts.embedded import differential, packed_at, textual
from nfsanalyze.facts.identity import uaddr
from nfsanalyze.facts.owners import recognise
from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.baseline import BaselineError, read_baseline

ADDRESSES = ("10.0.0.1", "10.0.0.10", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0")
SECRET = "canary-in-a-file"


def owners(data: bytes) -> None:
    """One owner, another of the same host, and what either says."""
    first, _, second = data.partition(b"\xff\xfe")
    found = recognise(first, impl_domain=second[:20])
    assert found.hostname is None or found.hostname in first
    for hit in textual(first):
        assert hit.offset + hit.length <= len(first)
    for address in ADDRESSES:
        hit = packed_at(first, address)
        assert hit is None or hit.offset + hit.length <= len(first)
        differential(first, address, second, ADDRESSES[0])
    uaddr(first)
    text = printable(first)
    assert text.isprintable() and printable(text) == text
    text.encode()


def credentials(data: bytes) -> None:
    """An RPC credential, of the flavor that the first byte says."""
    credential_of(data[0] % 8 if data else 0, data[1:])


def tshark_line(data: bytes) -> None:
    """A line of the process that reads tshark's output."""
    try:
        said = read_answer(data, [7])
    except TsharkError as error:
        assert "\n" not in str(error)
        return
    for each in said.segments if said is not None else ():
        segment(said, 0, each)


def tshark_layers(data: bytes) -> None:
    """The layers of a packet as tshark writes them."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict):
        return
    layers = [SimpleNamespace(_layer_name=name, _fields_dict=fields) for name, fields in told.items()]
    head = {"frame_frame_number": "1", "frame_frame_protocols": ":".join(told), "frame_frame_len": "9"}
    frame = SimpleNamespace(_fields_dict=head | {"frame_frame_cap_len": "9"})
    said = answer(SimpleNamespace(frame_info=frame, layers=layers))
    line = json.dumps(said).encode()
    try:
        read = read_answer(line, [7])
    except TsharkError:
        return
    assert read is not None and read.frame == 7


def rule(data: bytes) -> None:
    """A rule file."""
    text = _text(data)
    try:
        compile_rule(parse_rule(text, "fuzz.toml"))
    except RuleError as error:
        assert "\n" not in str(error)


def sql(data: bytes) -> None:
    """A statement: what the guard lets through reads no file, whatever else Polars says to it."""
    try:
        asked = statement(_text(data))
    except StatementError:
        return
    rows = _run(asked)
    assert SECRET not in str(rows)


def _run(asked: Statement) -> object:
    with _folder_with_files():
        try:
            plan = lazy(asked, {})
            plan.collect_schema()
            # rows that come from nowhere are as good as a hang
            return plan.head(100).collect(engine="in-memory").rows()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None


@cache
def _files() -> Path:
    folder = Path(mkdtemp(prefix="nfsanalyze-fuzz-"))
    table = pl.DataFrame({"a": [SECRET]})
    table.write_csv(folder / "t.csv")
    table.write_parquet(folder / "t.parquet")
    table.write_ipc(folder / "t.ipc")
    table.write_ndjson(folder / "t.json")
    return folder


@contextmanager
def _folder_with_files() -> Iterator[None]:
    before = Path.cwd()
    os.chdir(_files())
    try:
        yield
    finally:
        os.chdir(before)


def config(data: bytes) -> None:
    """nfsanalyze.toml."""
    try:
        parse_config(_text(data), "nfsanalyze.toml", Path("folder"))
    except ConfigError as error:
        assert "\n" not in str(error)


_BASELINE = Path(gettempdir()) / f"nfsanalyze-fuzz-{os.getpid()}.json"


def baseline(data: bytes) -> None:
    """An earlier report."""
    _BASELINE.write_bytes(data)
    try:
        assert all(isinstance(each, str) for each in read_baseline(_BASELINE))
    except BaselineError as error:
        assert "\n" not in str(error)
    finally:
        _BASELINE.unlink()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
