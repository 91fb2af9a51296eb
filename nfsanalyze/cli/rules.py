"""`nfsanalyze explain` and `nfsanalyze rules`: what the rules are, without any capture."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from nfsanalyze.cli.screen import color_wanted, page_width
from nfsanalyze.cli.streams import write_stdout

Format = Literal["text", "json"]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze explain NFS301")(explain)
    app.command(epilog="\b\nExample:\n  nfsanalyze rules identity NFS3")(rules)


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id or name of a rule, e.g. NFS101.")],
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = "text",
) -> None:
    """Tell what a rule looks for, why it matters, what to do, and when it may be wrong."""
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.select import find_rule
    from nfsanalyze.reports.rule_page import render_rule, rule_values

    found = find_rule(load_rules(), rule)
    if format == "json":
        _json(rule_values(found))
    else:
        write_stdout(render_rule(found, width=page_width(), color=color_wanted()))


def rules(
    select: Annotated[
        list[str] | None,
        typer.Argument(metavar="RULE", help="Only these: ids, starts of ids (NFS3), names, groups (lease)."),
    ] = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = "text",
) -> None:
    """List the rules with their severity and title."""
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.select import select_rules
    from nfsanalyze.reports.rule_page import render_rules, rule_rows

    found = select_rules(load_rules(examples=False), select or ())
    if format == "json":
        _json(rule_rows(found))
    else:
        write_stdout(render_rules(found, width=page_width(), color=color_wanted()))


def _json(values: object) -> None:
    import json

    write_stdout(json.dumps(values, indent=2, ensure_ascii=False) + "\n")
