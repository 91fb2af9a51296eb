"""Values of a command line that are good as they stand, taken without pydantic.

typer converts and checks every value with pydantic, even those that were not given, and loading it takes as long as
scanning a small capture. Words, choices and options not given need nothing of it; all else goes typer's way, so that
what typer says of a wrong value is what the user reads.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperArgument, TyperOption


class _Plain:
    """What typer asks to convert the values of one parameter."""

    def __init__(self, parameter: TyperArgument | TyperOption) -> None:
        self._converter = parameter.get_runtime_param
        annotation: Any = parameter.type_descriptor.annotation
        self._words = annotation is str and parameter.nargs == 1
        self._lists = annotation == list[str]
        self._choices = get_args(annotation) if get_origin(annotation) is Literal else ()
        self._many = parameter.nargs == -1 or getattr(parameter, "multiple", False)

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the command gets it. Raises BadParameter."""
        if value is None:
            return () if self._many else None
        if isinstance(value, str) and (self._words or value in self._choices):
            return value
        if self._many and isinstance(value, list | tuple) and all(self._lists and isinstance(v, str) for v in value):
            return list(value)
        return self._converter().coerce(value, param=param, ctx=ctx)


def lighten(command: Any) -> Any:
    """The command, whose parameters and those of its own commands take plain values as they stand."""
    parameters = command.get_params
    plain: dict[int, _Plain] = {}

    def lightened(ctx: Any) -> list[Any]:
        found: list[Any] = parameters(ctx)
        for parameter in found:
            if isinstance(parameter, TyperArgument | TyperOption) and id(parameter) not in plain:
                plain[id(parameter)] = _Plain(parameter)
                parameter.get_runtime_param = partial(plain.get, id(parameter))  # type: ignore[method-assign, assignment]
        return found

    command.get_params = lightened
    for each in getattr(command, "commands", {}).values():
        lighten(each)
    return command
