"""The text that tshark's `-z` taps print after the rows, one section a tap; pure."""

import re

HIERARCHY = "io,phs"
_RULER = re.compile(r"^=+$", re.MULTILINE)
# The headline that each tap prints, by its argument.
_HEADLINES = {HIERARCHY: "Protocol Hierarchy Statistics"}


def sections(text: str) -> dict[str, str]:
    """Return each tap's text, between its rulers, by the tap's argument."""
    blocks = [block.strip("\n") for block in _RULER.split(text)]
    return {
        argument: block.removeprefix(headline).strip("\n")
        for argument, headline in _HEADLINES.items()
        for block in blocks
        if block.startswith(headline)
    }
