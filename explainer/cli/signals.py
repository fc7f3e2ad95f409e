"""What ends a command from outside: SIGINT, SIGTERM and SIGHUP become exceptions, so that no tshark is left behind."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGNALLED = 128
"""Plus the signal's number: the exit code, as shells count."""
_AGAIN_S = 0.02


@contextmanager
def heard() -> Iterator[None]:
    """Let the signals that ask for an end raise KeyboardInterrupt (SIGINT) or SystemExit in the main thread.

    SystemExit tells of SIGTERM and SIGHUP whatever became of it inside: Python turns what is raised while it loads a
    module into other errors here and there.
    """
    came: list[int] = []

    def terminated(number: int, frame: FrameType | None) -> None:
        came.append(number)
        sys.exit(SIGNALLED + number)  # an exception, so that no tshark and no half file is left behind

    signal.signal(signal.SIGTERM, terminated)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, terminated)
    sys.unraisablehook = _swallowed
    try:
        yield
    except BaseException:
        if came:
            sys.exit(SIGNALLED + came[0])
        raise


def _swallowed(unraisable: "UnraisableHookArgs") -> None:
    """Send a signal again whose exception got lost.

    Python can raise none in the callback of a weak reference, of which it runs many while it loads modules.
    """
    number = _number(unraisable.exc_value)
    if not number:
        sys.__unraisablehook__(unraisable)
        return
    again = threading.Timer(_AGAIN_S, _send, (number,))
    again.daemon = True
    again.start()


def _send(number: int) -> None:
    """Send this process a signal that also wakes its main thread from a wait."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        signal.raise_signal(number)
    else:
        signal.pthread_kill(main, number)


def _number(error: BaseException | None) -> int:
    """Return the signal that raised this, 0 for none."""
    if isinstance(error, KeyboardInterrupt):
        return signal.SIGINT
    told = error.code if isinstance(error, SystemExit) else None
    return told - SIGNALLED if isinstance(told, int) and told > SIGNALLED else 0
