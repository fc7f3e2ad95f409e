"""`explainer cache`."""

from datetime import UTC, datetime

import typer

from explainer.cli import common
from explainer.escape import visible
from explainer.wording import count

app = typer.Typer(no_args_is_help=True, help="See or forget what is kept of captures for a second question.")

_MEGABYTE = 1e6


@app.command("list")
def list_entries() -> None:
    """List what is kept: when it was last used, its size, and the name that the capture had."""
    from explainer.cache.memory import name_of
    from explainer.cache.store import Store

    folder = common.settings().cache
    if folder is None:
        typer.echo("Nothing is kept: the cache is switched off.")
        return
    store = Store(folder)
    held = [(name, entry) for entry in store.entries() if (name := name_of(store, entry.key))]
    for name, entry in held:
        used = datetime.fromtimestamp(entry.used_s, UTC)
        typer.echo(f"{used:%Y-%m-%d %H:%M} UTC  {entry.bytes / _MEGABYTE:8.1f} MB  {visible(name)}")
    total = sum(entry.bytes for _, entry in held) / _MEGABYTE
    typer.echo(f"{count(len(held), 'dissection')}, {total:.1f} MB in {visible(str(folder))}")


@app.command("clear")
def clear() -> None:
    """Forget everything that is kept."""
    from explainer.cache.store import Store

    folder = common.settings().cache
    freed = 0 if folder is None else Store(folder).clear()
    typer.echo(f"{freed / _MEGABYTE:.1f} MB were freed.")
