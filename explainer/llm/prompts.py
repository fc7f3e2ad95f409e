"""Prompt templates: one file a purpose in prompts/, filled in by jinja2; a name that is missing is an error."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

# Inside an installed package; beside it in a source tree and an editable install.
_FOLDERS = (Path(__file__).parents[1] / "prompts", Path(__file__).parents[2] / "prompts")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The text goes to a model, not to a page: what fences captured strings is the template.
    return Environment(loader=FileSystemLoader(_FOLDERS), undefined=StrictUndefined, autoescape=False, trim_blocks=True)


def render(name: str, **values: object) -> str:
    """Return the template of that name, filled in."""
    return _environment().get_template(f"{name}.md.j2").render(values).strip()
