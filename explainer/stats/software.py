"""Programs that name themselves."""

from explainer.facts import Facts
from explainer.model import Cell, Stat
from explainer.protocols.applications import signs
from explainer.protocols.http import requests
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("address", "side", "protocol", "name", "messages", "first_frame")


@statistic("Software", requests, signs)
def software(facts: Facts) -> Stat:
    """One row a program that says what it is, in the order of the file; Wireshark has no such table.

    User-Agent and Server of HTTP/1 in clear, Server of HTTP/2, the versions that SSH sides send first, the version in a
    MySQL server's greeting. What a program says of itself need not be true.
    """
    found = dict[tuple[Cell, ...], list[int]]()
    for request in facts[requests]:
        if request.agent and request.request_frame:
            key: tuple[Cell, ...] = request.client.address, "client", "HTTP", request.agent
            found.setdefault(key, []).append(request.request_frame)
        if request.software and request.response_frame:
            found.setdefault((request.server.address, "server", "HTTP", request.software), []).append(
                request.response_frame
            )
    for sign in facts[signs]:
        if sign.what in ("software-client", "software-server"):
            side = sign.what.removeprefix("software-")
            who = sign.client if side == "client" else sign.server
            found.setdefault((who.address, side, sign.protocol, sign.text), []).append(sign.frame)
    rows: list[tuple[Cell, ...]] = [(*key, len(frames), min(frames)) for key, frames in found.items()]
    rows.sort(key=lambda row: (int(str(row[-1])), str(row[1])))
    return table("software", "Software", _NAMES, rows)
