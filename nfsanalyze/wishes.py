"""What users name in originals, under a redaction: addresses to ignore and declared ones, and questions about captures
that know originals only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from nfsanalyze.engine.ignore import Ignore
from nfsanalyze.redaction.redactor import REDACTED, Redactor
from nfsanalyze.state.declared import Declared

T = TypeVar("T")

_OWN_REASON = "--ignore"
"""What stands as reason where the command line says to ignore: no words of the user."""


def redacted_ignores(ignores: Sequence[Ignore], redactor: Redactor) -> tuple[Ignore, ...]:
    """The same for the stand-ins; the reasons are words of the user, and left out."""
    return tuple(
        replace(
            each,
            client=None if each.client is None else redactor.address(each.client),
            server=None if each.server is None else redactor.address(each.server),
            reason=each.reason if each.reason == _OWN_REASON else REDACTED,
        )
        for each in ignores
    )


def redacted_declarations(declared: Declared, redactor: Redactor) -> Declared:
    """The same of the stand-ins."""
    return Declared(
        one=tuple(frozenset(map(redactor.address, group)) for group in declared.one),
        apart=tuple(frozenset(map(redactor.address, group)) for group in declared.apart),
    )


def redacted_cover(missing: Callable[[str, str], T] | None, redactor: Redactor) -> Callable[[str, str], T] | None:
    """When captures that show two stand-ins were not running: the captures know their originals."""
    if missing is None:
        return None
    return lambda address, other: missing(redactor.original(address), redactor.original(other))
