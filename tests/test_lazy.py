import subprocess
import sys

import pytest

from explainer import lazy


def test_polars_is_imported_at_its_first_use() -> None:
    script = (
        "import sys; from explainer.lazy import pl; assert 'polars' not in sys.modules;"
        "assert pl.col is __import__('polars').col; assert 'polars' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_name_that_the_module_does_not_have() -> None:
    with pytest.raises(AttributeError):
        _ = lazy.pl.no_such_name  # type: ignore[attr-defined]  # this is what must fail


def test_many_threads_at_once_see_the_whole_module() -> None:
    script = (
        "import threading; from explainer.lazy import pl; found = []\n"
        "def use(): found.append(pl.DataFrame({'a': [1]}).select(pl.col('a')).height)\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; assert found == [1] * 8, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
