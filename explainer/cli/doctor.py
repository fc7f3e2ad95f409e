"""`explainer doctor`."""

import platform

import typer

from explainer import __version__
from explainer.cli import common
from explainer.errors import TsharkError


def doctor(tshark: common.Tshark = None) -> None:
    """Say what is installed and set, what is missing, and how to get it."""
    settings = common.settings(tshark=tshark)
    from explainer import pipeline

    typer.echo(f"ok       explainer {__version__}, Python {platform.python_version()}")
    checks = pipeline.checks(settings)
    for check in checks:
        typer.echo(f"{'ok     ' if check.ok else 'missing'}  {check.text}")
        if check.hint:
            typer.echo(f"         {check.hint}")
    if not all(check.ok for check in checks if check.needed):
        raise TsharkError("Captures cannot be read on this machine yet.", "Mend what is marked as missing above.")
