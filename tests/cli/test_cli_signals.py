"""Signals whose exception Python swallows are sent again."""

import signal
import subprocess
import sys

import pytest

SWALLOWING = """
import signal, time, weakref
from explainer.cli import signals

class Thing: pass

def callback(_):
    signal.raise_signal(signal.{name})

thing = Thing()
seen = weakref.ref(thing, callback)
try:
    with signals.heard():
        del thing
        time.sleep(30)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("name", "code", "out"), [("SIGINT", 0, "interrupted\n"), ("SIGTERM", 128 + signal.SIGTERM, "")]
)
def test_a_signal_in_a_callback_of_a_weak_reference_is_not_lost(name: str, code: int, out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWING.format(name=name)], capture_output=True, text=True, timeout=25, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, out, "")


def test_another_exception_that_is_swallowed_is_told() -> None:
    text = SWALLOWING.replace("signal.raise_signal(signal.{name})", "raise ValueError(7)").replace(
        "time.sleep(30)", "pass"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=25, check=False)
    assert "ValueError: 7" in done.stderr


TURNED = """
import signal
from explainer.cli import signals

with signals.heard():
    try:
        {raised}
    except SystemExit as error:
        raise RuntimeError("turned") from error
"""


def test_an_exception_that_became_another_tells_of_the_signal() -> None:
    text = TURNED.format(raised="signal.raise_signal(signal.SIGTERM)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=25, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


def test_an_error_without_a_signal_stays_what_it_is() -> None:
    text = TURNED.format(raised="raise SystemExit(3)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=25, check=False)
    assert done.returncode == 1
    assert "RuntimeError: turned" in done.stderr
