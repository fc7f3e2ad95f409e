"""The command `explainer`: its commands, and the one place where an error becomes a sentence and an exit code."""

import errno
import gc
import os
import signal
import sys
from typing import Annotated

import typer

from explainer import __version__
from explainer.cli import (
    ask,
    cache,
    chat,
    doctor,
    export,
    findings,
    report,
    restore,
    schema,
    show,
    signals,
    stats,
    ticket,
)
from explainer.errors import ExplainerError, OutputError
from explainer.escape import visible

app = typer.Typer(
    name="explainer",
    help="Ask a packet capture why a connection fails, and get an answer that the packets prove.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    ask.ask, chat.chat, report.report, ticket.ticket, restore.restore, stats.stats, findings.findings, show.show,
    export.export, schema.schema, doctor.doctor,
):  # fmt: skip
    app.command()(command)
app.add_typer(cache.app, name="cache")

_INTERRUPTED = signals.SIGNALLED + signal.SIGINT


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"explainer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run the command line; an expected failure is one sentence and what to do, never a traceback."""
    # What an analysis makes lives to its end: to look for cycles among millions of rows costs much and frees nothing.
    gc.disable()
    with signals.heard():
        _run()


def _run() -> None:
    try:
        if sys.stdout is None:  # closed by whoever started us
            raise OutputError("The output has nowhere to go: standard output is closed.", "Open it, or use a file.")
        try:
            app()
        finally:
            sys.stdout.flush()
            gc.freeze()  # at the end, Python looks for cycles once more
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _exit(
            OutputError(
                f"The output cannot be written: {os.strerror(error.errno)}.", "Make room, or write it elsewhere."
            )
        )
    except ExplainerError as error:
        _exit(error)


def _exit(error: ExplainerError) -> None:
    # A display filter is followed by marks under its fault: the only message of several lines.
    print("explainer: " + "\n".join(map(visible, error.message.split("\n"))), file=sys.stderr)
    if error.hint:
        print(visible(error.hint), file=sys.stderr)
    sys.exit(error.exit_code)
