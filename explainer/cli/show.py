"""`explainer show`."""

import re
from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing
from explainer.errors import SettingsError
from explainer.escape import visible

_STREAM = re.compile(r"(tcp|udp):(\d+)")
_CHOOSE = "Like this: --frame 4, --stream tcp:3, --port 111"


@grouped
def show(
    capture: common.Capture,
    *,
    frame: Annotated[int | None, typer.Option(min=1, metavar="N", help="A frame's whole dissection.")] = None,
    stream: Annotated[str | None, typer.Option(metavar="tcp:N", help="A conversation, packet by packet.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, metavar="N", help="Who talks on a port.")] = None,
    output: common.Format = "text",
    part: common.Part,
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """Look closer: at one frame, at one conversation, or at who talks to whom on a port."""
    if sum(choice is not None for choice in (frame, stream, port)) != 1:
        raise SettingsError("Show what? One of --frame, --stream and --port is needed.", _CHOOSE)
    settings = common.settings(tshark=tshark, time_limit_s=time_limit)
    from explainer import closeup

    selection = part.selection()
    if frame is not None:
        as_layers = common.rendering(output, lambda form: form.layers, "A dissection")
        layers = closeup.frame(capture, frame, settings=settings, selection=selection)
        typer.echo(as_layers()(layers, common.style()), nl=False)
        return
    render = common.rendering(output, lambda form: form.statistics)
    with showing(capture) as progress:
        if port is not None:
            looked = closeup.port(capture, port, settings=settings, selection=selection, progress=progress)
        else:
            transport, number = _stream(stream or "")
            looked = closeup.ladder(
                capture, transport, number, settings=settings, selection=selection, progress=progress
            )
    typer.echo(render()(looked, common.style()), nl=False)


def _stream(text: str) -> tuple[str, int]:
    match = _STREAM.fullmatch(text.lower())
    if match is None:
        raise SettingsError(f"{visible(text)} names no conversation.", "Like this: --stream tcp:3 or udp:0")
    return match[1], int(match[2])
