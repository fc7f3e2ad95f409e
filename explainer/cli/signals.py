"""What ends a command from outside: SIGINT, SIGTERM and SIGHUP become exceptions, so that no tshark is left behind."""

import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGNALLED = 128
"""Plus the signal's number: the exit code, as shells count."""
_AGAIN_S = 0.02


def install() -> None:
    """Let the signals that ask for an end raise KeyboardInterrupt (SIGINT) or SystemExit in the main thread."""
    signal.signal(signal.SIGTERM, _terminated)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _terminated)
    sys.unraisablehook = _swallowed


def _terminated(number: int, frame: FrameType | None) -> None:
    sys.exit(SIGNALLED + number)  # an exception, so that no tshark and no half file is left behind


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
