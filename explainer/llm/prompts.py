"""Prompt templates: one file a purpose in prompts/, filled in by jinja2; a name that is missing is an error."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.errors import SettingsError
from explainer.escape import visible

if TYPE_CHECKING:
    from jinja2 import Environment

# Inside an installed package; beside it in a source tree and an editable install.
_FOLDERS = (Path(__file__).parents[1] / "prompts", Path(__file__).parents[2] / "prompts")


@cache
def _environment(folder: Path | None) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The text goes to a model, not to a page: what fences captured strings is the template.
    return Environment(
        loader=FileSystemLoader([folder, *_FOLDERS] if folder else _FOLDERS),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
    )


def render(name: str, folder: Path | None = None, **values: object) -> str:
    """Return the template of that name, filled in; one in the user's own folder wins.

    Raises:
        SettingsError: the user's template is wrong.
    """
    from jinja2 import TemplateError

    try:
        return _environment(folder).get_template(f"{name}.md.j2").render(values).strip()
    except TemplateError as error:
        if folder is None:
            raise
        said = visible(str(error))
        raise SettingsError(
            f"The prompt {name}.md.j2 is wrong: {said}.", f"Correct it in {visible(str(folder))}."
        ) from error
