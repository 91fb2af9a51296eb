"""What a run is asked for: the configuration, and the command line that wins over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.cli import complete

if TYPE_CHECKING:
    from nfsanalyze.config import Config
    from nfsanalyze.engine.ignore import Ignore
    from nfsanalyze.engine.select import NoSuchRule
    from nfsanalyze.state.declared import Declared

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Configuration; nfsanalyze.toml of the working directory if not given."
    ),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Read no configuration.")]
Ports = Annotated[
    list[int] | None,
    typer.Option(metavar="N", min=1, max=65535, help="Take this TCP port for NFS too. May be repeated."),
]
LeaseTime = Annotated[
    float | None,
    typer.Option(metavar="S", min=0.001, help="Lease time in seconds, where the capture does not show it."),
]
SameClock = Annotated[
    bool,
    typer.Option("--same-clock", help="Captures that share no packets were taken by one clock, or by equal ones."),
]
Selected = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IDS",
        help="Only these rules: ids, starts of ids or names, by comma.",
        autocompletion=complete.rules,
    ),
]
IgnoredRules = Annotated[
    list[str] | None, typer.Option(metavar="IDS", help="All rules but these.", autocompletion=complete.rules)
]
OwnRules = Annotated[
    list[Path] | None,
    typer.Option(metavar="DIR", help="Rules of your own besides: a folder or a file. May be repeated."),
]


def words(lists: Sequence[str] | None) -> tuple[str, ...]:
    """The words of options that may be repeated, and that hold several by comma or blank."""
    return tuple(word for joined in lists or () for word in joined.replace(",", " ").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Options of an analysis, as `nfsanalyze.analysis.analyse` takes them, and what the report needs besides."""

    file: str | None
    select: tuple[str, ...]
    ignore: tuple[Ignore, ...]
    own: tuple[Path, ...]
    lease_time_s: float | None
    ports: tuple[int, ...]
    declared: Declared
    fail_on: str | None
    of_file: frozenset[str]
    "words of rules that the configuration says, not the command line"

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The words of rules that are ignored wherever they fire."""
        return tuple(each.rule for each in self.ignore if each.client is None and each.server is None)

    def origin(self, error: NoSuchRule) -> Exception:
        """The error, with the name of the configuration where the word came from there."""
        from nfsanalyze.config import ConfigError

        return ConfigError(f"{self.file}: {error}") if error.word in self.of_file else error


def configured(file: Path | None, without: bool) -> Config:
    """The configuration that a command is to heed."""
    from nfsanalyze.config import Config, find_config

    if without:
        if file is not None:
            from nfsanalyze.errors import UsageError

            raise UsageError("--config and --no-config: give one of them")
        return Config()
    return find_config(file)


def asked(
    config: Config,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    rules: Sequence[Path] = (),
    lease_time: float | None = None,
    ports: Sequence[int] = (),
    fail_on: str | None = None,
) -> Asked:
    """What the two say together. The command line replaces; folders of rules add up. A rule that --select names is not
    ignored by the configuration."""
    from nfsanalyze.engine.ignore import Ignore

    if ignore:
        ignored = tuple(Ignore(rule=word, reason="--ignore") for word in ignore)
    else:
        ignored = tuple(each for each in config.ignore if each.rule.lower() not in {word.lower() for word in select})
    chosen = tuple(select) or config.select
    words = {*(() if select else config.select), *(() if ignore else (each.rule for each in ignored))}
    return Asked(
        file=config.file,
        select=chosen,
        ignore=ignored,
        own=tuple(dict.fromkeys([*config.rules, *rules])),
        lease_time_s=config.lease_time_s if lease_time is None else lease_time,
        ports=tuple(ports) or config.ports,
        declared=config.heads,
        fail_on=fail_on or config.fail_on,
        of_file=frozenset(words),
    )
