"""Flags that several commands take, as one parameter.

Rule: a group is a frozen dataclass whose fields are annotated as Typer's options are; a command that takes one is shown
to Typer, which has no groups, with the group's fields in its place.
"""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command as Typer has to see it: each parameter whose type is a dataclass is that one's fields."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    flags = list[inspect.Parameter]()
    for parameter in inspect.signature(command).parameters.values():
        flags += _flags(groups[parameter.name]) if parameter.name in groups else [_flag(parameter, hints)]

    def run(**given: Any) -> None:
        made = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        command(**given, **made)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {flag.name: flag.annotation for flag in flags}
    run.__signature__ = inspect.Signature(flags)  # type: ignore[attr-defined]  # inspect reads it, typeshed has it not
    return run


def _flag(parameter: inspect.Parameter, hints: dict[str, Any]) -> inspect.Parameter:
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])


def _flags(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(f.name, keyword, default=f.default, annotation=hints[f.name]) for f in fields(group)]
