"""What keeps the house in order, and is cheaper to check than to remember."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import explainer
from explainer import registry

PACKAGE = Path(explainer.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LATE = {PACKAGE / place: {"cryptography"} for place in ("protocols/x509_reading.py", "redaction/ciphers.py")}
"""What is itself imported only where it is needed, and may import this."""
HEAVY = {"polars", "cryptography", "openai", "pyshark", "tiktoken", "jinja2"}
FILE_LINES, FUNCTION_LINES = 300, 50
named = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))


@named
def test_a_file_is_short(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= FILE_LINES


@named
def test_a_function_is_short(file: Path) -> None:
    functions = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


def imported_at_once(nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield the top-level packages that importing the module imports; TYPE_CHECKING blocks are not among them."""
    for node in nodes:
        match node:
            case ast.Import():
                yield from (name.name.partition(".")[0] for name in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from imported_at_once(node.orelse)
            case ast.If() | ast.Try():
                yield from imported_at_once(node.body)
                yield from imported_at_once(node.orelse)
            case ast.ClassDef() | ast.With():
                yield from imported_at_once(node.body)


@named
def test_nothing_heavy_is_imported_before_it_is_used(file: Path) -> None:
    # A renderer is imported at its first use, by the registry.
    heavy = (HEAVY if file.is_relative_to(PACKAGE / "render") else HEAVY | {"rich"}) - LATE.get(file, set())
    assert heavy.isdisjoint(imported_at_once(ast.parse(file.read_text("utf-8")).body))


def test_the_pipeline_imports_nothing_heavy() -> None:
    code = f"import sys, explainer.pipeline; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_modules_import_only_to_their_right() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("entry", [*registry.rules, *registry.statistics], ids=lambda entry: entry.id)
def test_every_rule_and_statistic_says_what_it_means_and_needs(entry: registry.Rule | registry.Statistic) -> None:
    assert entry.meaning.endswith(".")
    assert entry.title
    assert entry.needs


def test_ids_are_names_of_their_functions_and_sorted() -> None:
    for entries in (list(registry.rules), list(registry.statistics), list(registry.renderers)):
        ids = [entry.id for entry in entries]
        assert ids == sorted(set(ids))
        assert all(name.isidentifier() for name in ids)
