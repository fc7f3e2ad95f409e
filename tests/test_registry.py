import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from explainer import registry
from explainer.facts import required
from explainer.model import Finding
from explainer.registry import Registry


@dataclass(frozen=True)
class Thing:
    id: str


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose two modules each write down that they were imported."""
    folder = tmp_path / "shelf_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("loaded = []\n")
    for name in ("one", "two"):
        (folder / f"{name}.py").write_text(f"from shelf_of_a_test import loaded\nloaded.append('{name}')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield_name = folder.name
    for name in [name for name in sys.modules if name.startswith(yield_name)]:
        monkeypatch.delitem(sys.modules, name)
    return yield_name


def test_entries_come_sorted(package: str) -> None:
    things: Registry[Thing] = Registry(package)
    for name in ("b", "c", "a"):
        things.add(Thing(name))
    assert [thing.id for thing in things] == ["a", "b", "c"]


def test_two_of_one_id_are_an_error(package: str) -> None:
    things: Registry[Thing] = Registry(package)
    things.add(Thing("a"))
    with pytest.raises(ValueError, match="a is registered twice"):
        things.add(Thing("a"))


def test_get(package: str) -> None:
    things: Registry[Thing] = Registry(package)
    things.add(Thing("a"))
    assert things.get("a") == Thing("a")
    assert things.get("b") is None


def test_who_asks_while_another_thread_loads_waits_for_all_of_them(package: str, tmp_path: Path) -> None:
    things: Registry[Thing] = Registry(package)
    holder = ModuleType("things_of_a_test")
    holder.things, holder.LATE = things, Thing("late")  # type: ignore[attr-defined]  # a module made here
    sys.modules["things_of_a_test"] = holder
    (tmp_path / "shelf_of_a_test" / "two.py").write_text(
        "import time\ntime.sleep(0.2)\nfrom things_of_a_test import LATE, things\nthings.add(LATE)\n"
    )
    loading = threading.Thread(target=lambda: list(things))
    loading.start()
    while f"{package}.one" not in sys.modules:
        time.sleep(0.001)
    assert things.get("late") == Thing("late")
    loading.join()
    del sys.modules["things_of_a_test"]


def test_every_module_is_imported_once_at_first_use(package: str) -> None:
    things: Registry[Thing] = Registry(package)
    assert package not in sys.modules
    list(things)
    things.get("a")
    list(things)
    assert sorted(sys.modules[package].loaded) == ["one", "two"]


@pytest.mark.parametrize("name", ["statistics", "rules", "renderers"])
def test_each_registry_loads_itself_in_a_fresh_process(name: str) -> None:
    script = f"from explainer import registry; print(*[entry.id for entry in registry.{name}])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [entry.id for entry in getattr(registry, name)]
    assert done.stdout.split() == sorted(done.stdout.split())


@pytest.mark.parametrize("entry", [*registry.statistics, *registry.rules], ids=lambda entry: entry.id)
def test_each_entry_says_what_it_means_and_needs(entry: registry.Statistic | registry.Rule) -> None:
    assert entry.title
    assert entry.meaning.endswith((".", ")"))
    assert entry.needs
    assert required(entry.needs)


def test_all_together_read_each_field_in_one_way() -> None:
    assert required(need for entry in (*registry.statistics, *registry.rules) for need in entry.needs)


def test_the_decorators_take_name_and_meaning_from_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    mine: Registry[registry.Rule] = Registry("explainer.rules")
    monkeypatch.setattr(registry, "rules", mine)

    @registry.rule("A title", subject="things", area="stuff", symptom=True)
    def some_rule(facts: object) -> Iterator[Finding]:
        """Find
        nothing."""
        yield from ()

    found = mine._entries["some_rule"]
    assert (found.title, found.meaning, found.subject, found.symptom) == ("A title", "Find nothing.", "things", True)
    assert found.check is some_rule


def test_who_comes_while_it_loads_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "slow_shelf_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("import threading\nbegun = threading.Event()\n")
    (folder / "slow.py").write_text("import time, slow_shelf_of_a_test\nslow_shelf_of_a_test.begun.set()\n"
                                    "time.sleep(0.1)\nslow_shelf_of_a_test.things.add('a')\n")  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    package = importlib.import_module(folder.name)
    things: Registry[Thing] = Registry(folder.name)
    package.things = SimpleNamespace(add=lambda name: things.add(Thing(name)))  # type: ignore[attr-defined]  # its own
    loading = threading.Thread(target=things.get, args=("a",))
    loading.start()
    assert package.begun.wait(5)
    assert things.get("a") == Thing("a")
    loading.join()
