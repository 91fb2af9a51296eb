"""`--redact` of every command that has it: the key, where it comes from, and that it is told once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from nfsanalyze.cli.streams import complain
from nfsanalyze.errors import UsageError

if TYPE_CHECKING:
    from nfsanalyze.redaction.redactor import Redactor

VARIABLE = "NFSANALYZE_REDACT_KEY"
LEAST = 16
"""Characters of a key: whoever guesses it can undo the redaction."""

Redact = Annotated[
    bool, typer.Option("--redact", help="Put stand-ins for addresses, hosts, owners and names of files.")
]
RedactKey = Annotated[
    str | None,
    typer.Option(
        "--redact-key",
        metavar="KEY",
        help=f"Redact under this key, so that reports agree; else {VARIABLE}, or a new one.",
    ),
]


def redactor(redact: bool, key: str | None) -> Redactor | None:
    """What redacts this run, None where nothing is to be redacted. A key that is made for it is told on stderr.

    Raises UsageError for a key too short.
    """
    if not redact and key is None:
        return None
    from nfsanalyze.redaction.redactor import Redactor

    given, source = (key, "--redact-key") if key is not None else (os.environ.get(VARIABLE), VARIABLE)
    if given is None:
        import secrets

        given = secrets.token_hex(16)
        complain(
            f"redacted under the key {given}; give it again with --redact-key or {VARIABLE} for reports that agree,"
            " and keep it: whoever has it can undo the redaction"
        )
    elif len(given) < LEAST:
        raise UsageError(f"{source}: a key needs {LEAST} characters or more; leave it out and one is made")
    return Redactor(given)
