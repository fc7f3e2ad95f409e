"""The file of pseudonyms that stays beside a capture, readable by its owner alone, and the way back by it."""

import json
from pathlib import Path

from explainer.errors import OutputError, SettingsError
from explainer.escape import visible
from explainer.output import writable
from explainer.privacy.mapping import Mapping
from explainer.privacy.restoring import restored

ENDING = ".pseudonyms.json"
_FORMAT = "explainer pseudonyms 1"
_HINT = "Name the file ending in .pseudonyms.json that lies beside the capture."


def kept(mapping: Mapping, capture: Path) -> Path:
    """Write the pseudonyms beside the capture, with those that are there already, and return where.

    Raises:
        OutputError: they cannot be written, or something else is in their place.
    """
    place = capture.with_name(capture.name + ENDING)
    table = mapping.table
    if place.exists():
        try:
            table = {**read(place), **table}
        except SettingsError as error:
            raise OutputError(f"{visible(str(place))} is in the way.", "Move it elsewhere.") from error
    text = json.dumps({"format": _FORMAT, "pseudonyms": dict(sorted(table.items()))}, indent=1) + "\n"
    with writable(place, private=True) as out:
        out.write(text.encode())
    return place


def read(place: Path) -> dict[str, str]:
    """Return what each pseudonym of the file stands for.

    Raises:
        SettingsError: it cannot be read, or is no file of pseudonyms.
    """
    name = visible(str(place))
    try:
        held = json.loads(place.read_text("utf-8"))
        table = held["pseudonyms"]
        if held["format"] != _FORMAT or not all(isinstance(own, str) for own in table.values()):
            raise ValueError(held["format"])
    except OSError as error:
        raise SettingsError(f"The pseudonyms in {name} cannot be read: {error.strerror}.", _HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{name} is no file of pseudonyms.", _HINT) from error
    return dict(table)


def restore(text: str, place: Path) -> str:
    """Return a text that came back, with what its pseudonyms stand for.

    Raises:
        SettingsError: the file of pseudonyms cannot be read.
    """
    return restored(text, read(place))
