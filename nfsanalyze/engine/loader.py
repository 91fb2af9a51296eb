"""Reads rule files, strictly: every fault is one line that names the file and the field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from nfsanalyze.engine.finding import SEVERITIES, Finding
from nfsanalyze.engine.message import placeholders
from nfsanalyze.engine.nearest import nearest
from nfsanalyze.engine.needs import NeedError, alternatives
from nfsanalyze.engine.places import detect_at, line_of
from nfsanalyze.engine.rule import BLIND_KINDS, CONFIDENCES, Example, Rule, RuleError
from nfsanalyze.facts.schema import TABLES

_PACKAGE = Path(__file__).resolve().parents[1]
_ID = re.compile(r"NFS[0-9]{3}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NO_RULES = ("nfsanalyze.toml", "pyproject.toml")
_EXAMPLES = re.compile(r"^\[\[example\]\]", re.MULTILINE)

_TEXTS = (
    "id",
    "name",
    "title",
    "severity",
    "confidence",
    "since",
    "message",
    "detect",
    "what",
    "why",
    "fix",
    "false_positives",
)
_LISTS = ("needs", "watches", "references")
_OPTIONAL = ("withhold",)
_FLAGS = ("unordered",)
_EXAMPLE_KEYS = ("name", "expect", "tables")
_FINDING_KEYS = tuple(field.name for field in fields(Finding))
_PROSE = ("what", "why", "fix", "false_positives")
_ONE_OF = {"severity": SEVERITIES, "confidence": CONFIDENCES}
_WORDS = {"watches": BLIND_KINDS, "withhold": BLIND_KINDS}


class _Fault(Exception):
    """What is wrong with a field, before it is known where the field stands."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(field, words)
        self.field = field
        self.words = words


def shipped_folder(package: Path = _PACKAGE) -> Path:
    """Where this installation keeps its rules. Raises RuleError where there are none.

    In a wheel they lie in the package. `rules` beside the package counts only in our own checkout:
    elsewhere that folder is somebody else's.
    """
    inside = package / "_rules"
    beside = package.parent / "rules"
    if inside.is_dir():
        return inside
    if _is_ours(package.parent / "pyproject.toml") and beside.is_dir():
        return beside
    raise RuleError(f"no rules found: neither {inside} nor {beside} of a checkout of nfsanalyze")


def load_rules(
    folder: Path | None = None, *, own: Iterable[Path] = (), examples: bool = True, own_examples: bool = True
) -> tuple[Rule, ...]:
    """Shipped rules (of `folder`, else of this installation) and those of the folders or files in `own`, sorted by id.

    Without `examples` the shipped files are read up to their examples only, which is what a scan needs; `own` files
    are read whole unless `own_examples` says otherwise. Raises RuleError at the first fault, at a duplicate id or name,
    and where there is no rule.
    """
    shipped = folder or shipped_folder()
    rules = [load_rule(path, examples=examples) for path in rule_files(shipped)]
    for root in own:
        for rule in (load_rule(path, examples=own_examples) for path in rule_files(root)):
            refuse_foreign(rule)
            rules.append(rule)
    refuse_twins(rules)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def rule_files(root: Path) -> tuple[Path, ...]:
    """The .toml files below a folder but for configurations, sorted; a file stands for itself.

    Raises RuleError where there is none.
    """
    if root.is_file():
        return (root,)
    files = tuple(path for path in sorted(root.rglob("*.toml")) if path.name not in _NO_RULES)
    if not files:
        raise RuleError(f"no rules found in {root}" + ("" if root.is_dir() else ": no such file or folder"))
    return files


def load_rule(path: Path, *, examples: bool = True) -> Rule:
    """One rule file. Raises RuleError with one line that names file and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read: {error}") from error
    return parse_rule(text, str(path), examples=examples)


def parse_rule(text: str, source: str, *, examples: bool = True) -> Rule:
    """A rule from its TOML text; `source` names it in errors.

    Without `examples` the text is cut at the first of them; where what is left is no TOML, the whole is read after all.
    """
    head = text if examples else _EXAMPLES.split(text, maxsplit=1)[0]
    try:
        raw = tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        if len(head) < len(text):
            return parse_rule(text, source)
        raise RuleError(f"{source}: not TOML: {' '.join(str(error).split())}") from error
    try:
        return _rule(raw, source, detect_at(text), examples=examples)
    except _Fault as fault:
        line = line_of(text, fault.field)
        place = source if line is None else f"{source}:{line}"
        raise RuleError(f"{place}: {fault.field}: {fault.words}") from fault


def _rule(raw: dict[str, Any], source: str, at: tuple[int, int], *, examples: bool) -> Rule:
    _known("", raw, (*_TEXTS, *_LISTS, *_OPTIONAL, *_FLAGS, "example"))
    texts = {key: _text(key, raw) for key in _TEXTS}
    lists = {key: _strings(key, raw) for key in (*_LISTS, *(key for key in _OPTIONAL if key in raw))}
    lists.setdefault("withhold", lists["watches"])
    flags = {key: _flag(key, raw) for key in _FLAGS}
    _check(texts, lists)
    texts["message"] = " ".join(texts["message"].split())
    for key in _PROSE:
        texts[key] = _prose(texts[key])
    found = _examples(raw.get("example", [])) if examples else ()
    # The keys are checked above; spelled out, each would stand here a fourth time.
    return Rule(examples=found, source=source, detect_at=at, **texts, **lists, **flags)  # type: ignore[arg-type]


def _is_ours(pyproject: Path) -> bool:
    try:
        return bool(tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {}).get("name") == "nfsanalyze")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        return False


def refuse_foreign(rule: Rule) -> None:
    """A user's rule must have an id of the user's. Raises RuleError."""
    if not rule.is_users:
        raise RuleError(f"{rule.source}: id: {rule.id} is not free: NFS900 to NFS999 belong to your own rules")


def refuse_twins(rules: Sequence[Rule]) -> None:
    """No id and no name may stand for two rules. Raises RuleError."""
    seen: dict[str, str] = {}
    for rule in rules:
        for key, word in (("id", rule.id), ("name", rule.name)):
            if word in seen:
                raise RuleError(f"{rule.source}: {key}: {word} is taken by {seen[word]}")
            seen[word] = rule.source


def _check(texts: Mapping[str, str], lists: Mapping[str, tuple[str, ...]]) -> None:
    if not _ID.fullmatch(texts["id"]):
        _fail("id", f'"{texts["id"]}" is not NFS and three digits')
    if not _NAME.fullmatch(texts["name"]):
        _fail("name", f'"{texts["name"]}" is not words in lower case joined by -')
    for key, allowed in _ONE_OF.items():
        if texts[key] not in allowed:
            _fail(key, f'"{texts[key]}" is none of {", ".join(allowed)}{nearest(texts[key], allowed)}')
    for key, words in _WORDS.items():
        for word in lists[key]:
            if word not in words:
                _fail(key, f'"{word}" is unknown{nearest(word, words)}')
    for entry in lists["needs"]:
        try:
            alternatives(entry)
        except NeedError as error:
            _fail("needs", str(error))
    if not lists["needs"]:
        _fail("needs", "names no table")
    if not lists["references"]:
        _fail("references", "is empty")
    for kind in lists["withhold"]:
        if kind not in lists["watches"]:
            _fail("withhold", f'"{kind}" is not among watches')
    try:
        placeholders(texts["message"])
    except ValueError as error:
        _fail("message", str(error))


def _flag(key: str, raw: Mapping[str, Any]) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        _fail(key, "must be true or false")
    return value


def _examples(raw: Any) -> tuple[Example, ...]:
    if not isinstance(raw, list):
        _fail("example", "is not a list of tables: write [[example]]")
    found = tuple(_example(f"example {number}", entry) for number, entry in enumerate(raw, 1))
    if not any(example.expect for example in found):
        _fail("example", "none fires: at least one must; add an [[example]] whose expect names a finding")
    if all(example.expect for example in found):
        _fail(
            "example",
            "all fire: at least one must not; add an [[example]] with expect = [] and rows that are harmless",
        )
    names = [example.name for example in found]
    if len(set(names)) < len(names):
        _fail("example", "two have one name")
    return found


def _example(where: str, raw: Any) -> Example:
    if not isinstance(raw, dict):
        _fail(where, "is not a table")
    _known(where, raw, _EXAMPLE_KEYS)
    name = _text("name", raw, where)
    where = f'example "{name}"'
    for key in ("expect", "tables"):
        if key not in raw:
            _fail(where, f"{key} is missing")
    expect = _rows(f"{where} expect", raw["expect"])
    for row in expect:
        _known(f"{where} expect", row, _FINDING_KEYS)
    if not isinstance(raw["tables"], dict):
        _fail(f"{where} tables", "is not a table of tables")
    _known(f"{where} tables", raw["tables"], tuple(TABLES))
    tables = {}
    for table, value in raw["tables"].items():
        tables[table] = _rows(f"{where} {table}", value)
        for row in tables[table]:
            _known(f"{where} {table}", row, tuple(column.name for column in TABLES[table].columns))
    return Example(name=name, expect=expect, tables=tables)


def _rows(where: str, value: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        _fail(where, "is not a list of tables")
    return tuple(value)


def _text(key: str, raw: Mapping[str, Any], where: str = "") -> str:
    label = f"{where} {key}".strip()
    if key not in raw:
        _fail(label, "is missing")
    value = raw[key]
    if not isinstance(value, str) or not value.strip():
        _fail(label, "is not a text" if not isinstance(value, str) else "is empty")
    return value.strip()


def _strings(key: str, raw: Mapping[str, Any]) -> tuple[str, ...]:
    if key not in raw:
        _fail(key, "is missing")
    value = raw[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _fail(key, "is not a list of texts")
    return tuple(value)


def _known(where: str, raw: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for key in raw:
        if key not in allowed:
            _fail(f"{where} {key}".strip(), f"is unknown{nearest(key, allowed)}")


def _prose(text: str) -> str:
    """Paragraphs and list items as one line each: where a file breaks its lines means nothing."""
    lines: list[str] = []
    fresh = True
    for line in (part.strip() for part in text.splitlines()):
        if not line:
            fresh = True
            continue
        if lines and not fresh and not line.startswith("- "):
            lines[-1] += " " + line
        else:
            if lines and fresh:
                lines.append("")
            lines.append(line)
        fresh = False
    return "\n".join(lines)


def _fail(field: str, words: str) -> NoReturn:
    raise _Fault(field, words)
