"""Modules that are imported at their first use: tshark starts before anything heavy is loaded."""

import importlib
from typing import TYPE_CHECKING, Any


class _LazyModule:
    """Stands for a module; imports it when one of its attributes is first read.

    importlib.util.LazyLoader does the same, but hands half a module to a second thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


if TYPE_CHECKING:
    import polars as pl

    from explainer import model
else:
    pl, model = _LazyModule("polars"), _LazyModule("explainer.model")

__all__ = ["model", "pl"]
