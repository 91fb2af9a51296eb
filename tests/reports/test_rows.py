"""Rows of a query in each format."""

from __future__ import annotations

import csv
import io
import json

import polars as pl

from nfsanalyze.reports.rows import RENDERINGS, parquet_rows

START = 1_795_364_721_074_568_401
ROWS = pl.DataFrame(
    {
        "frame": [7, 12345],
        "time": pl.Series([START, None], dtype=pl.Int64).cast(pl.Datetime("ns", "UTC")),
        "span": pl.Series([1_500_000_001, None], dtype=pl.Int64).cast(pl.Duration("ns")),
        "owner": [b"\x00\xff", None],
        "text": ['a\x1b[31m,"b"', None],
        "frames": [[1, 2], []],
        "ok": [True, None],
        "gap": [6.90787043, float("nan")],
    }
)
FIRST = {
    "frame": 7,
    "time": "2026-11-22T16:25:21.074568401Z",
    "span": 1.500000001,
    "owner": "00ff",
    "text": 'a\x1b[31m,"b"',
    "frames": [1, 2],
    "ok": True,
    "gap": 6.90787043,
}
SECOND = {"frame": 12345, "frames": [], **dict.fromkeys(("time", "span", "owner", "text", "ok", "gap"))}


def test_json_keeps_every_value() -> None:
    text = RENDERINGS["json"](ROWS)
    assert json.loads(text) == [FIRST, SECOND]
    assert "\x1b" not in text
    assert [json.loads(line) for line in RENDERINGS["jsonl"](ROWS).splitlines()] == [FIRST, SECOND]
    assert (RENDERINGS["json"](ROWS.head(0)), RENDERINGS["jsonl"](ROWS.head(0))) == ("[]\n", "")


def test_csv_can_be_read_back() -> None:
    text = RENDERINGS["csv"](ROWS)
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["time"], first["owner"], first["frames"], first["ok"]) == (FIRST["time"], "00ff", "[1, 2]", "true")
    assert first["text"] == 'a\\x1b[31m,"b"'
    assert (second["text"], second["frames"]) == ("", "[]")


def test_text_is_aligned_where_it_fits() -> None:
    text = RENDERINGS["text"](ROWS.select("frame", "owner", "frames"), width=80)
    assert text == "frame  owner  frames\n    7  00ff   1, 2\n12345  -\n"


def test_text_is_a_block_a_row_where_it_does_not() -> None:
    text = RENDERINGS["text"](ROWS, width=60)
    assert text.startswith("-- row 1\nframe   7\ntime    2026-11-22T16:25:21.074568401Z\n")
    assert 'text    a\\x1b[31m,"b"\n' in text
    assert "-- row 2\nframe   12345\n" in text
    assert "\x1b" not in text


def test_no_rows_still_show_their_columns() -> None:
    assert RENDERINGS["text"](ROWS.select("frame", "ok").head(0)) == "frame  ok\n(no rows)\n"
    assert RENDERINGS["csv"](ROWS.select("frame", "ok").head(0)) == "frame,ok\r\n"


def test_parquet_keeps_the_types() -> None:
    assert pl.read_parquet(io.BytesIO(parquet_rows(ROWS))).schema == ROWS.schema
