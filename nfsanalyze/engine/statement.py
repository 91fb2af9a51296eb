"""What a rule or a query may say: one SELECT over fact tables that reads no file, no network and never runs for ever.

Polars SQL has table functions that open files and addresses. So the text is cut into words here and everything that
looks like a call must be on a list of what may be called. Where Polars might cut the words in another way (escapes in
texts, nested comments, dollar quotes), the text is refused, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.functions import BEFORE_PARENTHESIS, FUNCTIONS
from nfsanalyze.engine.nearest import nearest

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n]+ | --[^\n]* | /\*(?:(?!/\*|\*/).)*\*/)
    | (?P<text>'(?:[^'\\]|''|\\[^'])*')
    | (?P<quoted>"(?:[^"\\]|"")*" | `(?:[^`\\]|``)*`)
    | (?P<word>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<number>[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>::|[<>=!]+|\|\||/(?!\*)|[-+*%^&|~(),.;:\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_ODD = {
    "'": "a text that does not end, or a \\ before its closing quote",
    '"': "a quoted name that does not end, or holds a \\",
    "`": "a quoted name that does not end, or holds a \\",
    "/*": "a comment inside a comment, or one that does not end",
}
_CHANGES = {
    "ALTER",
    "ATTACH",
    "COPY",
    "CREATE",
    "DELETE",
    "DROP",
    "EXECUTE",
    "INSERT",
    "INTO",
    "MERGE",
    "TRUNCATE",
    "UPDATE",
}
_BEFORE_TABLE = {"FROM", "JOIN", ",", "("}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class StatementError(ValueError):
    """The text is no SELECT that may run; `at` is the place in it, counted in characters."""

    def __init__(self, fault: str, at: int) -> None:
        super().__init__(fault)
        self.at = at


class _Token(NamedTuple):
    kind: str
    text: str
    at: int

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name an identifier stands for, or nothing."""
        return self.text if self.kind == "word" else self.text[1:-1] if self.kind == "quoted" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A SELECT that may run: its text with plain line ends, and the names in it."""

    sql: str
    places: Mapping[str, int]
    "every name in it, with the place where it first stands, counted in characters"
    relations: frozenset[str]
    "names in places where that of a table may stand"
    ordered: bool
    "its rows come in an order that the text asks for, or in that of the one table it reads"

    def reads(self, tables: Collection[str]) -> tuple[str, ...]:
        """Those of the tables that it may read."""
        return tuple(name for name in tables if name in self.relations)


def statement(sql: str) -> Statement:
    """The text as a statement that may run. Raises StatementError."""
    text = sql.replace("\r\n", "\n").replace("\r", "\n")
    tokens = _tokens(text)
    if not tokens or tokens[0].upper not in ("WITH", "SELECT"):
        raise StatementError("must be one statement that starts with WITH or SELECT", tokens[0].at if tokens else 0)
    while tokens[-1].text == ";":
        tokens.pop()
    _refuse_other(tokens)
    _refuse_calls(tokens)
    places: dict[str, int] = {}
    for token in tokens:
        if token.name:
            places.setdefault(token.name, token.at)
    relations = {token.name for before, token in pairwise(tokens) if (before.upper or before.text) in _BEFORE_TABLE}
    return Statement(sql=text, places=places, relations=frozenset(relations), ordered=_ordered(tokens))


def trusted(sql: str) -> Statement:
    """A text of our own as a statement, without looking closely: the tests did."""
    places = {word[0]: word.start() for word in _PLAIN.finditer(sql)}
    return Statement(sql=sql, places=places, relations=frozenset(places), ordered=False)


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Of a place in a text, both from 1."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise StatementError(_odd(text, at), at)
        kind = match.lastgroup or ""
        if kind != "space":
            token = _Token(kind, match.group(), at)
            if kind == "text" and found and found[-1].at + len(found[-1].text) == at:
                _refuse_prefix(found[-1], at)
            found.append(token)
        at = match.end()
    return found


def _odd(text: str, at: int) -> str:
    for start, fault in _ODD.items():
        if text.startswith(start, at):
            return fault
    return f'"{text[at]}" is not allowed outside a text'


def _refuse_prefix(before: _Token, at: int) -> None:
    """E'…', N'…' and their like change what a \\ or a quote inside means; only X'…' is plain."""
    if (before.kind in ("word", "number") and before.upper != "X") or before.text == "&":
        raise StatementError(f"{before.text}'…' is not allowed; only X'…' is, or leave a space before the text", at)


def _refuse_other(tokens: Sequence[_Token]) -> None:
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.text == ";":
            raise StatementError("must be one statement, and holds a second after ;", token.at)
        if token.upper in _CHANGES:
            raise StatementError(f"{token.upper} is not allowed: only SELECT is", token.at)
        if token.upper == "RECURSIVE":
            raise StatementError("RECURSIVE is not allowed: it might never end", token.at)
        if token.upper in ("FROM", "JOIN") and after is not None and after.kind == "text":
            raise StatementError("a file is no table; run nfsanalyze tables for those there are", after.at)


def _refuse_calls(tokens: Sequence[_Token]) -> None:
    """A name before a parenthesis must be a function of the list, a word of the language, or a name being given."""
    for index, token in enumerate(tokens[:-1]):
        if tokens[index + 1].text != "(":
            continue
        if token.kind in ("text", "number") or token.text in ("]", ")"):
            raise StatementError(f"{token.text}( is no call", token.at)
        if not token.name:
            continue
        word = token.upper
        # a.b(…) is the call of b in the schema a
        method = index > 0 and tokens[index - 1].text == "."
        if not method and (word in FUNCTIONS or word in BEFORE_PARENTHESIS):
            continue
        if not method and _names_columns(tokens, index):
            continue
        name = token.name
        if re.match(r"(?:read|scan)_|generate_series$|range$", name, re.IGNORECASE):
            raise StatementError(f"{name}() is not allowed: only the fact tables can be read", token.at)
        raise StatementError(f"no function {name}(){nearest(name, FUNCTIONS)}", token.at)


def _names_columns(tokens: Sequence[_Token], index: int) -> bool:
    """`AS name (a, b)` or `name (a, b) AS (`: a table gets a name and names for its columns."""
    if not _PLAIN.fullmatch(tokens[index].name):
        return False
    end = next((at for at in range(index, len(tokens)) if tokens[at].text == ")"), len(tokens))
    inside = tokens[index + 2 : end]
    if not all(token.name if place % 2 == 0 else token.text == "," for place, token in enumerate(inside)):
        return False
    after = [token.upper or token.text for token in tokens[end + 1 : end + 3]]
    return len(inside) % 2 == 1 and (tokens[index - 1].upper == "AS" or after == ["AS", "("])


def _ordered(tokens: Sequence[_Token]) -> bool:
    depth = 0
    plain = True
    selects = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.upper == "ORDER" and after is not None and after.upper == "BY":
            return True
        selects += token.upper == "SELECT"
        plain = plain and token.upper not in ("JOIN", "GROUP", "DISTINCT", "UNION", "UNNEST", "WITH")
    return plain and selects == 1 and not _several_tables(tokens)


def _several_tables(tokens: Sequence[_Token]) -> bool:
    """FROM a, b."""
    start = next((at for at, token in enumerate(tokens) if token.upper == "FROM"), len(tokens))
    ends = ("WHERE", "HAVING", "LIMIT", "OFFSET", "QUALIFY")
    end = next((at for at in range(start, len(tokens)) if tokens[at].upper in ends), len(tokens))
    return any(token.text == "," for token in tokens[start:end])
