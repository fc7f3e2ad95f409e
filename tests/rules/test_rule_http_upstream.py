"""What a gateway's connection to the server behind it adds to the gateway's error."""

from typing import Any

import pytest
from exchanges import exchange, found
from factories import CLIENT, SERVER, connection, first_frame

from explainer.protocols.tcp import Connection, Endpoint

BACKEND = Endpoint("198.51.100.99", 9000)
ASKED = first_frame(0) + 3
ANSWERED = ASKED + 50


def behind(**overrides: Any) -> Connection:
    """Return a connection of the gateway, opened after the client's request."""
    opened: dict[str, Any] = {
        "client": Endpoint(SERVER, 50000), "server": BACKEND, "first_frame": ASKED + 2, "syn_frames": (ASKED + 2,),
    }  # fmt: skip
    return connection(1, **opened | overrides)


REFUSED = {"syn_ack_frame": None, "server_resets": (ASKED + 3,)}
SILENT = {"client_payload": 200, "server_payload": 0, "server_ends": (), "server_resets": ()}


def titles(tried: Connection, status: int = 502) -> list[str]:
    asked = exchange(0, status=status, reason="", request_frame=ASKED, response_frame=ANSWERED)
    return [finding.title for finding in found("http_error", asked, below=[connection(0), tried])]


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (REFUSED, "refuses the connection"),
        ({"syn_ack_frame": None, "server_resets": ()}, "does not answer the connection request"),
        (SILENT | {"server_ends": (ANSWERED - 1,)}, "hangs up without an answer"),
        (SILENT | {"server_ends": (ANSWERED + 1,)}, "does not answer in time"),
    ],
)
def test_the_failed_connection_is_the_cause(tried: dict[str, Any], words: str) -> None:
    (title,) = titles(behind(**tried))
    assert f"({BACKEND} " in title
    assert words in title


@pytest.mark.parametrize(
    ("tried", "status"),
    [
        (REFUSED | {"first_frame": ASKED - 1}, 502),
        (REFUSED | {"first_frame": ANSWERED + 1}, 502),
        (REFUSED | {"client": Endpoint(CLIENT, 50000)}, 502),
        (REFUSED, 500),
        (SILENT | {"server_payload": 1}, 502),
        (SILENT | {"client_payload": 0}, 502),
    ],
    ids=["before the request", "after the answer", "not the gateway's", "not a gateway's error", "answered", "unused"],
)
def test_other_connections_are_not(tried: dict[str, Any], status: int) -> None:
    (title,) = titles(behind(**tried), status)
    assert str(BACKEND) not in title
