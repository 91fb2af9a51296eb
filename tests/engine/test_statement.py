"""What a rule or query may say: every way to a file or to the network is refused before Polars sees the text."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfsanalyze.engine.functions import FUNCTIONS
from nfsanalyze.engine.statement import StatementError, statement

SECRET = "the secret"
FORMATS = ("csv", "parquet", "ipc", "json", "ndjson", "delta", "avro")


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret.csv"
    path.write_text(f"word\n{SECRET}\n")
    return str(path)


WAYS = (
    "SELECT * FROM read_csv('FILE')",
    "SELECT * FROM READ_CSV ('FILE')",
    "SELECT * FROM read_csv\n(\n'FILE'\n)",
    "SELECT * FROM \"read_csv\"('FILE')",
    "SELECT * FROM `read_csv`('FILE')",
    "SELECT * FROM read_csv/**/('FILE')",
    "SELECT * FROM read_csv -- here\n ('FILE')",
    "SELECT * FROM t, read_csv('FILE')",
    "SELECT * FROM t JOIN read_csv('FILE') AS f ON 1 = 1",
    "SELECT * FROM t WHERE a IN (SELECT 1 FROM read_csv('FILE'))",
    "SELECT a FROM t WHERE EXISTS (SELECT * FROM read_csv('FILE'))",
    "SELECT (SELECT word FROM read_csv('FILE')) AS w FROM t",
    "SELECT * FROM (FROM read_csv('FILE'))",
    "WITH f AS (SELECT * FROM read_csv('FILE')) SELECT * FROM f",
    "WITH t AS (SELECT 1 AS a), f AS (SELECT word FROM read_csv('FILE')) SELECT * FROM f",
    "WITH read_csv (a) AS (SELECT a FROM t) SELECT * FROM read_csv('FILE')",
    "SELECT a FROM t UNION ALL SELECT word FROM read_csv('FILE')",
    "SELECT a FROM t INTERSECT SELECT word FROM read_csv('FILE')",
    "SELECT * FROM t AS read_csv('FILE')",
    "SELECT * FROM t read_csv('FILE')",
    "SELECT * FROM LATERAL read_csv('FILE')",
    "SELECT * FROM TABLE(read_csv('FILE'))",
    "SELECT * FROM main.read_csv('FILE')",
    "SELECT * FROM [read_csv]('FILE')",
    "SELECT * FROM 'read_csv'('FILE')",
    "SELECT * FROM 'FILE'",
    'SELECT * FROM "FILE"',
    "SELECT * FROM `FILE`",
    "FROM read_csv('FILE')",
    "TABLE t",
    "(SELECT * FROM read_csv('FILE'))",
    "SELECT 1 AS a; SELECT * FROM read_csv('FILE')",
    "COPY t TO 'FILE'",
    "SELECT a INTO t2 FROM t",
    "CREATE TABLE f AS SELECT * FROM read_csv('FILE')",
    "EXPLAIN SELECT * FROM read_csv('FILE')",
    "SELECT * FROM read_csv\u00a0('FILE')",
    "SELECT * FROM read_csv\u2003('FILE')",
    # texts and comments that two readers would end in different places
    "SELECT $$ ' $$ AS a, * FROM read_csv('FILE') WHERE word <> $$ ' $$",
    "SELECT $x$ ' $x$ AS a, * FROM read_csv('FILE') WHERE word <> $x$ ' $x$",
    "SELECT '\\' AS a, * FROM read_csv('FILE') --'",
    "SELECT 'a\\' AS a, * FROM read_csv('FILE') WHERE word <> ' \\'",
    "SELECT E'\\'' AS a, * FROM read_csv('FILE') --'",
    "SELECT q'[']' AS a, * FROM read_csv('FILE') --'",
    "SELECT U&'\\0027' AS a, * FROM read_csv('FILE')",
    "SELECT /* /* */ ' */ 1 AS a, * FROM read_csv('FILE') --'",
    "SELECT 1 AS a /* */ , * FROM /* ' */ read_csv('FILE') /* ' */",
    'SELECT "a\\" AS a, * FROM read_csv(\'FILE\') --"',
    "SELECT 1 AS \"'\", * FROM read_csv('FILE') WHERE word <> '\"'",
    "SELECT 1 AS `'`, * FROM read_csv('FILE') WHERE word <> '`'",
    "SELECT 1 AS a -- ' \r, * FROM read_csv('FILE') WHERE word <> '",
    "SELECT 4 // ' \n , * FROM read_csv('FILE') //'",
    "SELECT 4 # ' \n , * FROM read_csv('FILE') #'",
)


def read(sql: str) -> str:
    """Every value the statement gives, as one text; nothing where the statement is refused or does not run."""
    try:
        asked = statement(sql)
        frame = pl.SQLContext({"t": pl.DataFrame({"a": ["x"]})}, eager=False).execute(asked.sql).collect()
    except (StatementError, pl.exceptions.PolarsError):
        return ""
    return str(frame.rows())


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_a_file(way: str, secret: str) -> None:
    assert SECRET not in read(way.replace("FILE", secret))


def test_without_the_guard_the_file_would_be_read(secret: str) -> None:
    """Else the test above would prove nothing."""
    open_ways = 0
    for way in WAYS:
        sql = way.replace("FILE", secret)
        try:
            got = pl.SQLContext({"t": pl.DataFrame({"a": ["x"]})}, eager=False).execute(sql).collect()
        except pl.exceptions.PolarsError:
            continue
        open_ways += SECRET in str(got.rows())
    assert open_ways > 10


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("verb", ["read", "scan"])
@pytest.mark.parametrize("place", ["/etc/passwd", "https://example.invalid/x", "s3://bucket/x", "hf://datasets/x"])
def test_functions_of_files_and_networks_are_named(verb: str, kind: str, place: str) -> None:
    with pytest.raises(StatementError, match=rf"^{verb}_{kind}\(\) is not allowed: only the fact tables can be read"):
        statement(f"SELECT * FROM {verb}_{kind}('{place}')")


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("", "must be one statement that starts with WITH or SELECT"),
        ("SHOW TABLES", "must be one statement that starts with WITH or SELECT"),
        ("SELECT 1; SELECT 2", "must be one statement, and holds a second after ;"),
        ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 2) SELECT 1", "RECURSIVE is not allowed: it might never end"),
        ("SELECT * FROM generate_series(1, 1000000000)", r"generate_series\(\) is not allowed"),
        ("SELECT RANGE(1, 9) AS r", r"RANGE\(\) is not allowed"),
        ("SELECT * FROM 'x.csv'", "a file is no table; run nfsanalyze tables"),
        ("SELECT LENGHT(a) FROM t", r'no function LENGHT\(\); did you mean "LENGTH"\?'),
        ('SELECT "LENGTH"(a) FROM t', r"no function LENGTH\(\)"),
        ("SELECT 'a", "a text that does not end"),
        ('SELECT "a', "a quoted name that does not end"),
        ("SELECT 1 /* a /* b */ */", "a comment inside a comment"),
        ("SELECT $$a$$", '"\\$" is not allowed outside a text'),
        ("SELECT ünder FROM t", '"ü" is not allowed outside a text'),
        ("SELECT a FROM t WHERE a = ?", r'"\?" is not allowed outside a text'),
        ("SELECT N'a'", "N'…' is not allowed; only X'…' is"),
        ("SELECT LOWER(a)(b) FROM t", r"\)\( is no call"),
    ],
)
def test_what_is_refused_says_why(sql: str, fault: str) -> None:
    with pytest.raises(StatementError, match=fault):
        statement(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t",
        "select a from t;",
        "SELECT 'it''s' AS x, '\\\\' AS y, X'ff' AS z, a -- ' read_csv(\nFROM t /* ; read_csv('x') */",
        "SELECT REGEXP_LIKE(a, '^\\d+\\.x$') AS m FROM t",
        "WITH f (b) AS (SELECT a FROM t) SELECT b FROM f",
        "SELECT * FROM (VALUES (1, 2)) AS v (b, c)",
        "SELECT CAST(a AS VARCHAR) AS a, a || 'x' AS b, 7 // 2 AS c, 1.5e3 AS d, 'a'::VARCHAR AS e FROM t",
        "SELECT COUNT(*) FILTER (WHERE a IS NOT NULL) AS n FROM t",
        "SELECT a, ROW_NUMBER() OVER (PARTITION BY a ORDER BY a) AS n FROM t WHERE (a IN ('x')) AND NOT (a = 'y')",
        "SELECT * EXCLUDE (a), a AS b FROM t",
    ],
)
def test_what_is_harmless_runs(sql: str) -> None:
    assert read(sql) != ""


def test_every_function_of_the_list_is_one_of_polars() -> None:
    context = pl.SQLContext({"t": pl.DataFrame({"a": ["x"]})}, eager=False)
    unknown = []
    for name in sorted(FUNCTIONS - {"UNNEST"}):
        try:
            context.execute(f"SELECT {name}(a) AS b FROM t").collect_schema()
        except pl.exceptions.PolarsError as error:
            if "unsupported function" in str(error):
                unknown.append(name)
    assert unknown == []


def test_texts_end_where_polars_ends_them() -> None:
    """What the guard takes for granted of the SQL reader underneath."""
    for sql, value in (("SELECT 'a''b' AS x", "a'b"), ("SELECT '\\\\' AS x", "\\\\"), ("SELECT 7 // 2 AS x", 3)):
        assert pl.SQLContext(eager=False).execute(sql).collect().item() == value


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT a FROM t", True),
        ("SELECT a FROM t LIMIT 5", True),
        ("SELECT a, COUNT(*) AS n FROM t GROUP BY a", False),
        ("SELECT a, COUNT(*) AS n FROM t GROUP BY a ORDER BY n", True),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a)", False),
        ("SELECT t.a FROM t, u", False),
        ("SELECT t.a FROM t JOIN u ON t.a = u.a", False),
        ("SELECT DISTINCT a FROM t", False),
        ("SELECT ROW_NUMBER() OVER (ORDER BY a) AS n FROM t JOIN u ON t.a = u.a", False),
    ],
)
def test_whether_rows_have_an_order(sql: str, ordered: bool) -> None:
    assert statement(sql).ordered is ordered


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT",
                "*",
                "FROM",
                "read_csv",
                "(",
                ")",
                "'x.csv'",
                "'",
                '"',
                "`",
                "--",
                "/*",
                "*/",
                "\n",
                " ",
                "\\",
                "$$",
                "t",
                ",",
                "AS",
                ";",
                "#",
                "E",
                "//",
            ]
        ),
        max_size=14,
    )
)
def test_no_mixture_of_words_opens_a_file(words: list[str]) -> None:
    """Polars names the missing file in its error: only then would it have looked for it."""
    sql = "SELECT 1 AS a, " + " ".join(words)
    try:
        asked = statement(sql)
        pl.SQLContext({"t": pl.DataFrame({"a": ["x"]})}, eager=False).execute(asked.sql).collect()
    except StatementError:
        return
    except (pl.exceptions.PolarsError, OSError) as error:
        assert not isinstance(error, OSError), sql
