"""`explainer schema`."""

import typer


def schema() -> None:
    """Print the JSON Schema of `explainer report --format json`, and of a ticket's analysis.json."""
    from explainer.render import json

    typer.echo(json.schema(), nl=False)
