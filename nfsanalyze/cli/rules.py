"""`nfsanalyze explain` and `nfsanalyze rules`: what the rules are, and how a user comes to rules of his own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer._click import Context
from typer.core import TyperGroup

from nfsanalyze.cli import complete
from nfsanalyze.cli.asked import ConfigFile, NoConfig, asked, configured
from nfsanalyze.cli.inputs import usable
from nfsanalyze.cli.screen import color_wanted, page_width
from nfsanalyze.cli.streams import complain, write_file, write_stdout
from nfsanalyze.errors import ExitCode, UsageError
from nfsanalyze.lean import lean

if TYPE_CHECKING:
    from nfsanalyze.engine.rule import Rule

Format = Literal["text", "json"]
Severity = Literal["note", "low", "medium", "high", "critical"]

FOLDER = Path("nfs-rules")
"""Where new rules go if nothing else is said."""

Own = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="Rules of your own: a folder or a file. May be repeated."),
]


class _Listing(TyperGroup):
    """A group whose first command need not be named: `rules lease` is `rules list lease`."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze explain NFS301")(explain)
    group = typer.Typer(cls=_Listing, rich_markup_mode=None, epilog="\b\nExample:\n  nfsanalyze rules identity NFS3")
    group.callback()(rules)
    group.command("list", epilog="\b\nExample:\n  nfsanalyze rules list lease --severity critical")(list_rules)
    group.command("new", epilog="\b\nExample:\n  nfsanalyze rules new many-mounts")(new)
    group.command("test", epilog="\b\nExample:\n  nfsanalyze rules test nfs-rules")(test)
    group.command("example", epilog="\b\nExample:\n  nfsanalyze rules example NFS900 case.pcapng --rules nfs-rules")(
        example
    )
    app.add_typer(group, name="rules")


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Id or name of a rule, e.g. NFS101.", autocompletion=complete.rule)
    ],
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = "text",
    own: Own = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Tell what a rule looks for, why it matters, what to do, and when it may be wrong."""
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.select import find_rule
    from nfsanalyze.reports.rule_page import render_rule, rule_values

    found = find_rule(load_rules(own=_own(own, config, no_config)), rule)
    if format == "json":
        _json(rule_values(found))
    else:
        write_stdout(render_rule(found, width=page_width(), color=color_wanted()))


def rules() -> None:
    """List the rules; write, test and feed rules of your own.

    Without a command the rules are listed: nfsanalyze rules lease is nfsanalyze rules list lease.
    """


def list_rules(
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RULE",
            help="Only these: ids, starts of ids (NFS3), names, groups (lease).",
            autocompletion=complete.rules,
        ),
    ] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only rules of this severity.")] = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = "text",
    own: Own = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """List the rules with their severity and title."""
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.select import select_rules
    from nfsanalyze.reports.rule_page import render_rules, rule_rows

    found = select_rules(load_rules(own=_own(own, config, no_config), examples=False), select or ())
    found = tuple(rule for rule in found if severity in (None, rule.severity))
    if format == "json":
        _json(rule_rows(found))
    else:
        write_stdout(render_rules(found, width=page_width(), color=color_wanted()) if found else "No such rule.\n")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Words in lower case joined by -, e.g. many-mounts.")],
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Where it goes: the configuration's folder of rules, else nfs-rules, if not given."
        ),
    ] = None,
) -> None:
    """Write a rule that works, for you to change.

    It gets the lowest id from NFS900 that neither DIR nor the program uses.
    """
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.template import new_rule

    folder = folder or next(iter(_own(None, None, False)), FOLDER)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; give the folder for your rules")
    own = [folder] if any(folder.rglob("*.toml")) else []
    id, text = new_rule(name, load_rules(own=own))
    path = folder / f"{id}.toml"
    if path.exists():
        raise UsageError(f"{path}: is there already, though its rule has another id; move it away first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from error
    write_file(path, text)
    write_stdout(
        f"{path}\n\nIt works as it stands. Change it, then:\n\n"
        f"  nfsanalyze rules test {folder}\n  nfsanalyze scan CAPTURE --rules {folder}\n"
    )


def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR|FILE]", help="Rule files, or folders; those of the configuration, if not given."),
    ] = None,
) -> None:
    """Check rule files without a capture, and run their examples.

    Exit code 2 where a file is no rule, its SQL cannot run, or an example gives other findings than it expects.
    """
    lean()
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.trial import trials
    from nfsanalyze.reports.rule_page import render_trials

    done = trials(paths or _own(None, None, False) or [FOLDER], load_rules(examples=False))
    write_stdout(render_trials(done))
    raise typer.Exit(ExitCode.USAGE if any(trial.faults for trial in done) else ExitCode.OK)


def example(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Id or name of a rule, or its file.", autocompletion=complete.rule)
    ],
    captures: Annotated[list[str], typer.Argument(metavar="CAPTURE", help="Capture files of one incident.")],
    finding: Annotated[
        int, typer.Option(metavar="N", min=1, help="Which of several findings, from the most serious.")
    ] = 1,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Name of the example; the captures', if not given.")] = "",
    own: Own = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Turn what a capture shows into an example for a rule's file.

    Printed are the fewest rows of the tables of which the rule makes the same finding; where it finds nothing, the
    first rows of each table, as an example that does not fire. It holds the addresses and names of the capture.
    """
    lean()
    from nfsanalyze.analysis import read_tables
    from nfsanalyze.engine.extract import extract
    from nfsanalyze.engine.sql import volume_read
    from nfsanalyze.reports.example_toml import render_example

    wanted = asked(configured(config, no_config), rules=own or ())
    found = _one_rule(rule, wanted.own)
    paths, unread = usable(captures)
    case = read_tables(
        paths,
        lease_time_s=wanted.lease_time_s,
        ports=wanted.ports,
        wanted=volume_read([found]),
        declared=wanted.declared,
    )
    for line in [*unread, *case.incomplete]:
        complain(f"incomplete: {line}")
    made = extract(found, case.tables, number=finding, name=name or _name(paths, finding))
    write_stdout(render_example(made.example))
    if made.findings == 0:
        complain(f"{found.id} finds nothing in these captures: this example must not fire")
    elif finding > made.findings:
        complain(f"there are {made.findings} findings only: this is the last")
    elif made.findings > 1:
        complain(f"this is finding {finding} of {made.findings}; --finding N gives another")


def _name(paths: Sequence[str], finding: int) -> str:
    names = ", ".join(Path(path).name for path in paths)
    return names if finding == 1 else f"{names}, finding {finding}"


def _own(given: Sequence[Path] | None, config: Path | None, no_config: bool) -> tuple[Path, ...]:
    return asked(configured(config, no_config), rules=given or ()).own


def _one_rule(word: str, own: Sequence[Path]) -> Rule:
    from nfsanalyze.engine.loader import load_rule, load_rules
    from nfsanalyze.engine.select import find_rule

    if word.endswith(".toml"):
        return load_rule(Path(word), examples=False)
    return find_rule(load_rules(own=own, examples=False, own_examples=False), word)


def _json(values: object) -> None:
    import json

    write_stdout(json.dumps(values, indent=2, ensure_ascii=False) + "\n")
