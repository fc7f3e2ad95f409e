"""A group of flags is shown to Typer as its flags, and given to the command as one value."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from explainer.cli.groups import grouped

SEEN = list[tuple[object, ...]]()


@dataclass(frozen=True)
class Light:
    colour: Annotated[str, typer.Option("--hue", help="What it looks like.")] = "white"
    dim: Annotated[bool, typer.Option("--dim")] = False


@dataclass(frozen=True)
class Sound:
    volume: Annotated[int, typer.Option(min=0)] = 5


@grouped
def play(title: Annotated[str, typer.Argument()], *, light: Light, twice: bool = False, sound: Sound) -> None:
    """Play it."""
    SEEN.append((title, light, twice, sound))


@pytest.fixture
def app() -> typer.Typer:
    SEEN.clear()
    made = typer.Typer()
    made.command()(play)
    return made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a"], ("a", Light(), False, Sound())),
        (["a", "--hue", "red", "--dim", "--twice"], ("a", Light("red", dim=True), True, Sound())),
        (["--volume", "0", "a"], ("a", Light(), False, Sound(0))),
    ],
)
def test_each_group_holds_its_flags(app: typer.Typer, words: list[str], expected: tuple[object, ...]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 0
    assert [expected] == SEEN


def test_flags_are_checked_as_any(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["a", "--volume", "-1"]).exit_code == 2
    assert SEEN == []


def test_the_help_names_them_in_order(app: typer.Typer) -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    assert [text.index(word) for word in ("--hue", "--dim", "--twice", "--volume")] == sorted(
        text.index(word) for word in ("--hue", "--dim", "--twice", "--volume")
    )
    assert "What it looks like." in text
    assert "Play it." in text
