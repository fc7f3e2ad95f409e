"""Who speaks which protocol with whom, and what carries it."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.plain_names import CARRIERS, plain
from explainer.protocols.traffic import carriers as carrying
from explainer.protocols.traffic import traffic
from explainer.registry import statistic
from explainer.stats.tables import table
from explainer.wording import listing

_SPOKEN = (
    "protocols", "transport", "port", "client", "server", "servers", "conversations", "packets", "first_frame",
)  # fmt: skip


@statistic("Who speaks what", traffic)
def spoken(facts: Facts) -> Stat:
    """One row a client, protocol and port: with how many servers, in how many conversations; the most packets first.

    server is the busiest of them. Protocols are those that tshark recognises in the conversation, empty where it
    recognises none. What has no ports has one row a pair of addresses; what has no IP addresses, one row a protocol.
    """
    rows = [
        (
            listing(list(dict.fromkeys(map(plain, t.layers)))), t.transport, t.port, t.client,
            t.peers[0] if t.peers else "", len(t.peers), t.conversations, t.frames, t.first_frame,
        )
        for t in facts[traffic]
    ]  # fmt: skip
    return table("spoken", "Who speaks what", _SPOKEN, rows)


@statistic("What carries other packets", carrying)
def carriers(facts: Facts) -> Stat:
    """One row a tunnel or tag around other packets (GRE, VLAN tags, IP in IP …), with the packets that are in it."""
    rows = [(CARRIERS.get(name, name), frames, first) for name, frames, first in facts[carrying]]
    return table("carriers", "What carries other packets", ("carrier", "packets", "first_frame"), rows)
