"""What the text for a terminal is made of: texts that are safe to show, labels with texts beside them, and lines."""

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Span, Text

from explainer.escape import visible
from explainer.registry import Style

INDENT = "  "
_LABEL_GAP = 3


def grid(rows: Iterable[tuple[str, str]], width: int, indent: str = INDENT) -> RenderableType:
    """Return labels with their texts beside them."""
    labelled = [(visible(f"{indent}{label}"), visible(text)) for label, text in rows]
    column = max((cell_len(label) for label, _ in labelled), default=0) + _LABEL_GAP
    if all(column + cell_len(text) <= width for _, text in labelled):  # a table takes twenty times as long
        return _beside(labelled, column)
    grid = Table.grid(padding=(0, _LABEL_GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in labelled:
        grid.add_row(Text(label, "cyan", overflow="fold"), Text(text, overflow="fold"))
    return grid


def _beside(labelled: Sequence[tuple[str, str]], column: int) -> Text:
    lines, labels, at = list[str](), list[Span](), 0
    for label, text in labelled:
        lines.append(f"{label}{' ' * (column - cell_len(label))}{text}")
        labels.append(Span(at, at + len(label), "cyan"))
        at += len(lines[-1]) + 1
    return Text("\n".join(lines), overflow="fold", spans=labels)  # one by one they take three times as long


def safe(words: str, style: str = "") -> Text:
    """Return the words, made safe to show, as they stand: a Text is never parsed for markup.

    A captured "[red]" stays what it is.
    """
    return Text(visible(words), style=style, overflow="fold")


def _joined(parts: Iterable[RenderableType]) -> Iterable[RenderableType]:
    """Yield the parts, those that are text and follow each other as one: to print many takes long."""
    texts = list[Text]()
    for part in parts:
        if isinstance(part, Text):
            texts.append(part)
            continue
        if texts:
            yield Text("\n").join(texts)
            texts = []
        yield part
    if texts:
        yield Text("\n").join(texts)


def printed(parts: Iterable[RenderableType], style: Style) -> str:
    """Return what the console shows of the parts, without spaces at the ends of lines."""
    out = io.StringIO()
    console = Console(
        file=out, width=style.width, force_terminal=style.colour, no_color=not style.colour, legacy_windows=False,
        color_system="standard" if style.colour else None, highlight=False, markup=False, emoji=False,
    )  # fmt: skip
    for part in _joined(parts):
        fits = isinstance(part, Text) and 2 * max(map(len, part.plain.split("\n"))) <= style.width
        if fits and not style.colour:
            out.write(f"{part}\n")  # as the console would print it, ten times as fast
        else:
            console.print(part, soft_wrap=fits)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"
