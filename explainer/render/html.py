"""A report as one HTML file that asks nothing of the network and runs nothing but its own script.

Rules: every value that the template shows is made visible and escaped; style and script stand in the file, and its
Content-Security-Policy admits these two by their hashes and nothing else.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from explainer.charts.ladder import ladder
from explainer.escape import visible
from explainer.model import Side, Stat
from explainer.registry import Reporter, reporters
from explainer.render import cells
from explainer.render.figures import Figure, figures
from explainer.report import Report

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ROWS = 200
"""Of longer tables the report shows the beginning: it stays small enough to be sent."""
_SIDES = {
    Side.SERVER: "the server's side", Side.CLIENT: "the client's side", Side.NETWORK: "the network",
    Side.EITHER: "either side", Side.NOBODY: "nobody",
}  # fmt: skip


def report(made: Report) -> str:
    """Return the page."""
    from markupsafe import Markup

    style, script = _text("report.css"), _text("report.js")
    analysis = made.analysis
    page: str = _template().render(
        report=made,
        analysis=analysis,
        info=analysis.info,
        answers=made.answers,
        ladder=made.ladder,
        ladder_svg=Markup(ladder(made.ladder)) if made.ladder else "",
        shown={rung.frame for rung in made.ladder.rungs} if made.ladder else set(),
        figures=figures(analysis),
        drawn=_drawn,
        limits=_limits(made),
        most_rows=MOST_ROWS,
        side=lambda side: _SIDES[side],
        numeric=_numeric,
        heading=lambda column: cells.heading(column).replace("_", " "),
        cell_text=cells.shown,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page


def _drawn(figure: Figure) -> str:
    from markupsafe import Markup

    return Markup(figure.svg)


def _limits(made: Report) -> list[str]:
    """Return what the findings cannot tell, each once, in their order."""
    said = (text for finding in made.analysis.findings for text in finding.limitations)
    return list(dict.fromkeys(said))


def _numeric(stat: Stat, place: int) -> bool:
    column = [row[place] for row in stat.rows[:MOST_ROWS] if row[place] is not None]
    return bool(column) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in column)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        return value if isinstance(value, Markup) else visible(str(value))

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=shown, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("report.html.j2"))


def _text(name: str) -> str:
    return files("explainer.render").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _words() -> str:
    return " ".join(map(_text, ("report.html.j2", "report.css", "report.js")))


reporters.add(Reporter("html", report, _words))
