"""Protocols on ports where tshark does not look for them, told by the first words of both sides.

Rules
* Where the two sides seem to speak different protocols, none is named: that is a fault of its own.
* Only what can be read once it is named counts; TLS, HTTP, MongoDB and NATS are read from bytes elsewhere.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.banners import LAYERS, spoken
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import connections, segments

_SAYS_NOTHING = ("", "plain text")
_EITHER = "SMTP or FTP"
_OF_MAIL = re.compile(rb"\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3} |[^\r\n]*(?:e?smtp|mail))", re.IGNORECASE)
"""A reply with an enhanced status code (RFC 3463), which FTP has not, or that names mail."""
_ELSEWHERE = ("TLS", "HTTP", "HTTP/2", "RTSP", "SIP", "NATS")
_DISSECTORS = {"smb": "nbss", "rdp": "tpkt", "modbus": "mbtcp"}
"""What carries a protocol, where tshark has to be told of that."""


class Unusual(NamedTuple):
    """A TCP stream whose protocol is on an unusual port: its layer, and the rule that makes tshark read it."""

    stream: int
    layer: str
    decode_as: str


@fact("protocols on unusual ports", connections, openings, segments, FRAME, PROTOCOLS)
def unusual_ports(facts: Facts) -> tuple[Unusual, ...]:
    """Return the streams whose first words name a protocol that tshark did not see, by stream number."""
    ports = {c.stream: c.server.port for c in facts[connections]}
    named = ((opening.stream, _language(opening)) for opening in facts[openings])
    found = {stream: LAYERS[name] for stream, name in named if name in LAYERS and name not in _ELSEWHERE}
    if not found:
        return ()
    seen = _seen(facts, found)
    return tuple(
        Unusual(stream, layer, f"tcp.port=={ports[stream]},{_DISSECTORS.get(layer, layer)}")
        for stream, layer in sorted(found.items())
        if not any(known in protocols.split(":") for protocols in seen.get(stream, ()) for known in _alike(layer))
    )


def _alike(layer: str) -> tuple[str, ...]:
    """Return the layers that tshark may have seen by the port, and that the first words alone do not contradict."""
    # A client of Redis may speak in plain lines ("inline commands"), and the server's "+OK" looks like POP3's.
    return ("ftp", "smtp") if layer in ("ftp", "smtp") else ("pop", "resp") if layer == "pop" else (layer,)


def _seen(facts: Facts, streams: Iterable[int]) -> dict[int, list[str]]:
    """Return what tshark sees in the segments of these streams."""
    of_these = facts[segments].filter(pl.col("stream").is_in(list(streams))).select("frame", "stream")
    layers = of_these.join(facts.frames(FRAME, PROTOCOLS), left_on="frame", right_on=FRAME.field)
    told = layers.drop_nulls(PROTOCOLS.field).group_by("stream").agg(pl.col(PROTOCOLS.field).unique())
    return dict(told.iter_rows())


def _language(opening: Opening) -> str:
    client = spoken(opening.client[0].data) if opening.client else ""
    server = spoken(opening.server[0].data) if opening.server else ""
    if server == _EITHER:  # both greet with 220
        of_mail = client == "SMTP" or (client in _SAYS_NOTHING and _OF_MAIL.match(opening.server[0].data))
        return "SMTP" if of_mail else "FTP" if client in ("FTP", *_SAYS_NOTHING) else ""
    if client == "Redis":  # whose "+OK" looks like POP3's
        return client
    said = {client, server}.difference(_SAYS_NOTHING)
    return said.pop() if len(said) == 1 else ""
