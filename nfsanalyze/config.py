"""`nfsanalyze.toml`: what a site knows and wants, read strictly: every fault is one line that names file and field."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.finding import SEVERITIES
from nfsanalyze.engine.ignore import Ignore
from nfsanalyze.engine.nearest import nearest
from nfsanalyze.errors import UsageError
from nfsanalyze.state.declared import NOTHING, Declared

NAME = "nfsanalyze.toml"


class ConfigError(UsageError):
    """A configuration that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a configuration says; `file` is None where there is none."""

    file: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    lease_time_s: float | None = None
    fail_on: str | None = None
    rules: tuple[Path, ...] = ()
    ports: tuple[int, ...] = ()
    heads: Declared = NOTHING


def find_config(given: Path | None = None) -> Config:
    """The configuration in a file, else in the one of the working directory, else none. Raises ConfigError."""
    path = given or Path(NAME)
    if given is None and not path.is_file():
        return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{path}: cannot be read: {why}") from error
    return parse_config(text, str(path), path.parent)


def parse_config(text: str, source: str, folder: Path) -> Config:
    """A configuration from its text; `source` names it in errors, folders of rules are looked for from `folder`.

    Raises ConfigError.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: not TOML: {error}") from error
    try:
        _known("", raw, tuple(_FIELDS))
        values = {name: read(raw[key], folder) for key, (name, read) in _FIELDS.items() if key in raw}
    except _Fault as fault:
        top = fault.field.split()[0]
        found = re.search(rf"^\s*\[*\s*{re.escape(top)}\s*[=\].]", text, re.MULTILINE)
        line = f":{text.count(chr(10), 0, found.end() - 1) + 1}" if found else ""
        raise ConfigError(f"{source}{line}: {fault.field}: {fault.words}") from fault
    return Config(file=source, **values)


class _Fault(Exception):
    def __init__(self, field: str, words: str) -> None:
        super().__init__(field, words)
        self.field = field
        self.words = words


def _select(value: Any, _: Path) -> tuple[str, ...]:
    return _texts("select", value)


def _ignores(value: Any, _: Path) -> tuple[Ignore, ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        _fail("ignore", 'is not a list of tables: write [[ignore]], rule = "…", reason = "…"')
    return tuple(_ignore(f"ignore {number}", each) for number, each in enumerate(value, 1))


def _ignore(where: str, raw: dict[str, Any]) -> Ignore:
    _known(where, raw, ("rule", "reason", "client", "server"))
    for key in ("rule", "reason"):
        if key not in raw:
            _fail(
                f"{where} {key}", "is missing" + ("; say why, for whoever reads the report" if key == "reason" else "")
            )
    texts = {key: _text(f"{where} {key}", raw[key]) for key in raw}
    for key in ("client", "server"):
        if key in texts:
            texts[key] = _address(f"{where} {key}", texts[key])
    return Ignore(**texts)


def _seconds(value: Any, _: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.001 <= value < 1e9:
        _fail("lease_time", f"{value!r} is not a number of seconds")
    return float(value)


def _severity(value: Any, _: Path) -> str:
    text = _text("fail_on", value)
    if text not in SEVERITIES:
        _fail("fail_on", f'"{text}" is none of {", ".join(SEVERITIES)}{nearest(text, SEVERITIES)}')
    return text


def _folders(value: Any, folder: Path) -> tuple[Path, ...]:
    return tuple(folder / text for text in _texts("rules", value))


def _ports(value: Any, _: Path) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(
        isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536 for port in value
    ):
        _fail("ports", "is not a list of numbers from 1 to 65535")
    return tuple(value)


def _heads(value: Any, _: Path) -> Declared:
    if not isinstance(value, dict):
        _fail("heads", "is not a table: write [heads], one_server = [[…]], different_servers = [[…]]")
    _known("heads", value, ("one_server", "different_servers"))
    one, apart = (_groups(f"heads {key}", value.get(key, [])) for key in ("one_server", "different_servers"))
    declared = Declared(one=one, apart=apart)
    both = {pair[:2] for pair in declared.pairs() if pair[2]} & {pair[:2] for pair in declared.pairs() if not pair[2]}
    if both:
        _fail("heads", f"{' and '.join(min(both))} are declared to be one server, and to be different ones")
    return declared


def _groups(where: str, value: Any) -> tuple[frozenset[str], ...]:
    if not isinstance(value, list) or not all(isinstance(group, list) for group in value):
        _fail(where, 'is not a list of lists of addresses: write [["10.0.0.1", "10.0.0.2"]]')
    groups = []
    for group in value:
        addresses = frozenset(_address(where, _text(where, address)) for address in group)
        if len(addresses) < 2:
            _fail(where, "a group needs two addresses or more")
        groups.append(addresses)
    return tuple(groups)


_FIELDS: dict[str, tuple[str, Callable[[Any, Path], Any]]] = {
    "select": ("select", _select),
    "ignore": ("ignore", _ignores),
    "lease_time": ("lease_time_s", _seconds),
    "fail_on": ("fail_on", _severity),
    "rules": ("rules", _folders),
    "ports": ("ports", _ports),
    "heads": ("heads", _heads),
}
"""By key of the file: the field of Config, and what reads the value."""


def _known(where: str, raw: dict[str, Any], allowed: Sequence[str]) -> None:
    for key in raw:
        if key not in allowed:
            hint = nearest(key, allowed) or f"; there are {', '.join(allowed)}"
            _fail(f"{where} {key}".strip(), f"is unknown{hint}")


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        _fail(where, "is empty" if isinstance(value, str) else "is not a text")
    return " ".join(value.split())


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        _fail(where, "is not a list of texts")
    return tuple(_text(where, each) for each in value)


def _address(where: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        _fail(where, f'"{text}" is not an IP address')


def _fail(field: str, words: str) -> NoReturn:
    raise _Fault(field, words)
