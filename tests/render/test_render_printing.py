import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from explainer.registry import Style
from explainer.render.printing import grid, printed, safe

PIPE = Style(width=10_000, colour=False)
WORDS = st.text(max_size=60)


def shown(part: Text) -> str:
    """Return what rich's console itself makes of a part."""
    out = io.StringIO()
    Console(file=out, width=PIPE.width, highlight=False, markup=False, emoji=False).print(part, soft_wrap=True)
    return out.getvalue()


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_a_pipe_gets_what_the_console_would_print(words: list[str]) -> None:
    part = Text("\n").join([safe(each, "bold") for each in words])
    assert printed([part], PIPE) == "\n".join(line.rstrip() for line in shown(part).rstrip().splitlines()) + "\n"


def test_markup_and_control_characters_stay_what_they_are() -> None:
    assert printed([safe("[red]a[/red] \x1b[31m")], PIPE) == "[red]a[/red] \\x1b[31m\n"


def test_labels_stand_in_one_column_and_long_texts_fold_beside_them() -> None:
    rows = [("one", "a"), ("seven", "b" * 30)]
    assert printed([grid(rows, 100)], PIPE) == f"  one     a\n  seven   {'b' * 30}\n"
    narrow = printed([grid(rows, 20)], Style(width=20, colour=False)).splitlines()
    assert narrow == ["  one     a", f"  seven   {'b' * 10}", *[f"{' ' * 10}{'b' * 10}"] * 2]


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[1m" in printed([safe("a", "bold")], Style(width=80, colour=True))
