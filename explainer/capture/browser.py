"""A report as PDF, printed by the Chromium that is installed: the other program that is started here beside tshark."""

import shutil
import tempfile
from pathlib import Path

from explainer.capture.process import running
from explainer.capture.tshark import Tshark
from explainer.errors import SettingsError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_USUAL = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_LIMIT_S = 120.0
# The page holds no script but our own and may load nothing: the sandbox, which root cannot have, would guard nothing.
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--no-first-run", "--no-pdf-header-footer",
)  # fmt: skip


def find() -> Path | None:
    """Return the browser of this machine that can print, None where there is none."""
    found = next(filter(None, map(shutil.which, (*_NAMES, *_USUAL))), None)
    return Path(found) if found else None


def pdf(page: str) -> bytes:
    """Return the page as it is printed.

    Raises:
        SettingsError: no browser is installed, or it prints nothing.
        TsharkError: it cannot be started.
    """
    program = find()
    if program is None:
        raise SettingsError(
            "A PDF needs Chromium, which is not installed on this machine.",
            "Install it (Debian, Ubuntu: apt-get install chromium), or print the HTML report from your browser.",
        )
    with tempfile.TemporaryDirectory(prefix="explainer-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, "utf-8")
        arguments = [*_FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()]
        with running(Tshark(program), arguments, _LIMIT_S, writes=True) as run:
            for _ in run.chunks():
                pass
            run.ending()
        if not target.exists():
            raise SettingsError(
                f"{program} printed no PDF within {_LIMIT_S:.0f} seconds.", "Print the HTML report from your browser."
            )
        return target.read_bytes()
