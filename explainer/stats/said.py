"""What services were asked for and told: searches in directories, topics of brokers, the time, groups, the tree."""

from collections import Counter

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.applications import clocks, searches, signs
from explainer.protocols.multicast import memberships
from explainer.protocols.spanning_tree import bridges
from explainer.registry import statistic
from explainer.stats.tables import table

_SEARCHES = ("client", "server", "base", "wanted", "found", "code", "frame", "reply_frame")
_TOPICS = ("client_id", "client", "server", "action", "topic", "frame")
_CLOCKS = ("client", "server", "stratum", "synchronised", "offset_ms", "answers", "request_frame", "frame")
_GROUPS = ("host", "action", "group", "packets", "first_frame")
_BRIDGES = ("bridge", "root", "root_priority", "cost", "packets", "changes", "first_frame", "change_frame")
_OF_TOPICS = {"mqtt-publishes": "publishes", "mqtt-subscribes": "subscribes to", "mqtt-gets": "gets"}
_CLIENT = "mqtt-client"


@statistic("Searches in directories", searches)
def directory_searches(facts: Facts) -> Stat:
    """One row a search by LDAP: below which entry, for which values; found is empty where its end is not seen."""
    rows = [
        (str(s.client), str(s.server), s.base, s.wanted, s.found if s.done else None, s.code, s.frame, s.reply_frame)
        for s in facts[searches]
    ]
    return table("directory_searches", "Searches in directories", _SEARCHES, rows)


@statistic("Topics of brokers", signs)
def topics(facts: Facts) -> Stat:
    """One row a topic that a client of MQTT publishes, subscribes to or gets, once a connection, in its first frame."""
    names = {sign.stream: sign.text for sign in facts[signs] if sign.what == _CLIENT}
    rows = [
        (names.get(s.stream, ""), str(s.client), str(s.server), _OF_TOPICS[s.what], s.text, s.frame)
        for s in facts[signs]
        if s.what in _OF_TOPICS
    ]
    return table("topics", "Topics of brokers", _TOPICS, rows)


@statistic("Time servers", clocks)
def time_servers(facts: Facts) -> Stat:
    """One row a client and time server (NTP): its last answer; offset_ms is its clock before the recorder's."""
    last = {(c.client.address, c.server.address): c for c in facts[clocks]}
    times = Counter((c.client.address, c.server.address) for c in facts[clocks])
    rows = [
        (*pair, c.stratum, c.synchronised, c.offset_ms, times[pair], c.request_frame, c.frame)
        for pair, c in last.items()
    ]
    return table("time_servers", "Time servers", _CLOCKS, rows)


@statistic("Multicast groups", memberships)
def multicast_groups(facts: Facts) -> Stat:
    """One row what a host says of a group by IGMP: joins, leaves, or asks for its members."""
    rows = [(m.host, m.action, m.group, len(m.frames), m.frames[0]) for m in facts[memberships]]
    return table("multicast_groups", "Multicast groups", _GROUPS, rows)


@statistic("Spanning tree", bridges)
def spanning_tree(facts: Facts) -> Stat:
    """One row a bridge and the root that it names: priority (with its extension), cost of its way there, changes."""
    rows = [
        (
            b.bridge, b.root, b.root_priority, b.cost, len(b.frames), len(b.changes), b.frames[0],
            b.changes[0] if b.changes else None,
        )
        for b in facts[bridges]
    ]  # fmt: skip
    return table("spanning_tree", "Spanning tree", _BRIDGES, rows)
