"""Frozen values with every string in them pseudonymised."""

from enum import Enum
from typing import Any, TypeVar

from explainer.escape import visible
from explainer.model import Value
from explainer.privacy.mapping import Mapping

V = TypeVar("V", bound=Value)


def pseudonymised(value: V, mapping: Mapping) -> V:
    """Return the value with pseudonyms in all its text, keys of tables included; numbers and times stay."""
    return type(value).model_validate(_replaced(value.model_dump(), mapping))


def _replaced(value: Any, mapping: Mapping) -> Any:
    match value:
        case Enum():
            return value
        case str():
            return mapping.pseudonymise(visible(value))
        case dict():
            return {_replaced(key, mapping): _replaced(inner, mapping) for key, inner in value.items()}
        case list() | tuple():
            return tuple(_replaced(inner, mapping) for inner in value)
        case _:
            return value
