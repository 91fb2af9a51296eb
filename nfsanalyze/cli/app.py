"""The program: its commands, and what becomes of every error."""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException
from typer.main import get_command

from nfsanalyze.cli import batch, ladder, rules, scan, slice, tables
from nfsanalyze.cli.streams import complain, discard_stdout, flush_stdout
from nfsanalyze.cli.values import lighten
from nfsanalyze.errors import ExitCode, NfsAnalyzeError

_EPILOG = (
    "Exit codes: 0 done; 1 findings at or above --fail-on; 2 usage, configuration or rule error; 3 nothing to analyse; "
    "4 done but incomplete; 70 internal error; 130 interrupted."
)

# Without rich's help the program starts in two thirds of the time.
app = typer.Typer(
    name="nfsanalyze",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)


def _version(wanted: bool) -> None:
    if wanted:
        from nfsanalyze import __version__

        typer.echo(f"nfsanalyze {__version__}")
        raise typer.Exit


@app.callback()
def nfsanalyze(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Tell from packet captures who the NFSv4 clients are, which leases they hold where, and what went wrong."""


scan.register(app)
batch.register(app)
rules.register(app)
tables.register(app)
ladder.register(app)
slice.register(app)


@cache
def _command(first: str | None) -> Any:
    """The program; only with the command that the line begins with, if it does, for it takes time to make each."""
    named = [
        info for info in app.registered_commands if info.callback and (info.name or info.callback.__name__) == first
    ]
    if not named:
        return lighten(get_command(app))
    narrow = copy(app)
    narrow.registered_commands, narrow.registered_groups = named, []
    return lighten(get_command(narrow))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code. No traceback reaches the user unless NFSANALYZE_DEBUG=1."""
    try:
        code = _command(next(iter(arguments), None))(list(arguments), prog_name="nfsanalyze", standalone_mode=False)
        flush_stdout()
        if code == ExitCode.INTERRUPTED:
            complain("interrupted")
        return int(code or ExitCode.OK)
    except ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return ExitCode.OK
    except NfsAnalyzeError as error:
        complain(f"error: {error}")
        return error.exit_code
    except Exception as error:  # the last resort: anything else is our own fault, and said in one line
        return _internal(error)


def _internal(error: Exception) -> int:
    from nfsanalyze.engine.rule import RuleError

    if isinstance(error, RuleError):
        complain(f"error: {error}")
        return ExitCode.USAGE
    if os.environ.get("NFSANALYZE_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    complain(
        f"internal error: {what}. This is a fault of nfsanalyze: please report it with the command and, "
        "where it may be shared, the capture; NFSANALYZE_DEBUG=1 shows the traceback"
    )
    return ExitCode.INTERNAL
