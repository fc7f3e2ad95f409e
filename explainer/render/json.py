"""JSON: the values of the model as they are; ASCII only, so that a captured string cannot act on a terminal."""

import json
from collections.abc import Sequence
from typing import Any

from explainer.inspection import Layer
from explainer.model import Analysis, Answer
from explainer.registry import Renderer, Reporter, Style, renderers, reporters
from explainer.report import Report


def _answers(answered: Sequence[tuple[Analysis, Answer]], style: Style) -> str:
    return _text([{"capture": _plain(analysis.info), "answer": _plain(answer)} for analysis, answer in answered])


def _statistics(analysis: Analysis, style: Style) -> str:
    return _text({"capture": _plain(analysis.info), "statistics": [_plain(stat) for stat in analysis.stats]})


def _findings(analysis: Analysis, style: Style) -> str:
    return _text(
        {
            "schema_version": analysis.schema_version,
            "capture": _plain(analysis.info),
            "findings": [_plain(finding) for finding in analysis.findings],
            "rules": [outcome.model_dump(mode="json", exclude={"findings"}) for outcome in analysis.outcomes],
        }
    )


def _layers(layers: Sequence[Layer], style: Style) -> str:
    return _text([_plain(layer) for layer in layers])


def report(made: Report) -> str:
    """Return the report as JSON, which `explainer schema` describes."""
    return _text(_plain(made))


def schema() -> str:
    """Return the JSON Schema of a report."""
    return _text(Report.model_json_schema(mode="serialization"))


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


renderers.add(Renderer("json", _statistics, _findings, answers=_answers, layers=_layers))
reporters.add(Reporter("json", report, schema))
