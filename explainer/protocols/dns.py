"""DNS lookups over UDP and TCP, with mDNS and LLMNR (RFC 1035, RFC 6762, RFC 4795).

Rule: tshark's own dns.response_to and dns.retransmission are not used: 4.0.17 marks no query as a retransmission that
comes 5 seconds after the first, as glibc's do.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols import dns_names, tcp, udp
from explainer.protocols.dns_messages import COLUMNS, ID, Message, messages
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import ICMP_TYPE, ICMPV6_TYPE, packets
from explainer.protocols.tcp import Endpoint

_COLUMNS = (
    FRAME, PROTOCOLS, ICMP_TYPE, ICMPV6_TYPE, tcp.STREAM, tcp.SOURCE_PORT, tcp.DESTINATION_PORT, udp.STREAM,
    udp.SOURCE_PORT, udp.DESTINATION_PORT, *COLUMNS,
)  # fmt: skip

# The same question after this long is a new one: resolvers give up much sooner (glibc: 30 seconds at most).
_NEW_AFTER_NS = 60_000_000_000
_NS, _SOA = 2, 6
_KINDS = {"dns": "DNS", "mdns": "mDNS", "llmnr": "LLMNR"}

Row = dict[str, Any]


class Lookup(NamedTuple):
    """A question and its answer; without query frames where the capture holds the answer only.

    `kind` is DNS, mDNS or LLMNR. `query_frames` holds the first query and its repetitions (same endpoints, id, name and
    type, before any answer), `response_frames` all answers, of which the first counts. `further_questions` are those of
    the same message ("name type"). Times are nanoseconds since 1970; `time_ms` is first query to first answer, which
    equals tshark's dns.time where nothing was repeated. `referred`: the server leaves it to the asker to go on, as it
    does not ask others itself, or only names the servers to ask (RFC 1034, section 4.3.1). `cut`: the answer holds more
    records than can be read, as where frames are stored in part. An mDNS message is a record of its own, never paired.
    """

    kind: str
    transport: str
    stream: int
    client: Endpoint
    server: Endpoint
    id: int
    name: str
    type_number: int
    further_questions: tuple[str, ...] = ()
    query_frames: tuple[int, ...] = ()
    query_ns: int | None = None
    last_query_ns: int | None = None
    response_frames: tuple[int, ...] = ()
    response_ns: int | None = None
    rcode: int | None = None
    truncated: bool = False
    answers: tuple[str, ...] = ()
    referred: bool = False
    cut: bool = False

    @property
    def type(self) -> str:
        """Return the name of the record type that was asked for, empty where the message has no question."""
        return dns_names.record_type(self.type_number) if self.type_number else ""

    @property
    def rcode_name(self) -> str:
        """Return the name of the response code, empty without an answer."""
        return "" if self.rcode is None else dns_names.rcode(self.rcode)

    @property
    def first_frame(self) -> int:
        """Return the first frame of the exchange."""
        return min(self.query_frames + self.response_frames)

    @property
    def retransmissions(self) -> int:
        """Return how often the question was repeated before an answer came."""
        return max(len(self.query_frames) - 1, 0)

    @property
    def multicast(self) -> bool:
        """Return whether anybody or nobody may answer, so that silence is no fault."""
        return self.kind != "DNS"

    @property
    def unanswered(self) -> bool:
        """Return whether the question was sent to a server and the capture, which may end soon after, has no answer."""
        return bool(self.query_frames) and not self.response_frames and not self.multicast

    @property
    def time_ms(self) -> float | None:
        """Return the time from the first query to the first answer, None where the capture holds only one of them."""
        if self.query_ns is None or self.response_ns is None:
            return None
        return round((self.response_ns - self.query_ns) / 1e6, 6)


@dataclass(slots=True)
class _Exchanges:
    """The lookups so far, in file order, and where the latest of each question stands among them."""

    lookups: list[Lookup] = field(default_factory=list)
    latest: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def add(self, new: Lookup, keys: list[tuple[Any, ...]]) -> None:
        for key in keys:
            self.latest[key] = len(self.lookups)
        self.lookups.append(new)


@fact("DNS lookups", packets, *_COLUMNS)
def lookups(facts: Facts) -> tuple[Lookup, ...]:
    """Return the lookups in the order of their first frame."""
    # The protocol before dns says what carries it: in a tunnel the frame has ports of both transports.
    carried = pl.col(PROTOCOLS.field).str.extract_groups(r":(?<transport>tcp|udp):(?<kind>dns|mdns|llmnr)(?::|$)")
    quoted = pl.col(ICMP_TYPE.field).is_not_null() | pl.col(ICMPV6_TYPE.field).is_not_null()
    own = facts.frames_with((ID,), *_COLUMNS).filter(~quoted)
    table = own.with_columns(carried.alias("carried")).unnest("carried").join(
        facts[packets].select(pl.col("frame").alias(FRAME.field), "time", "src", "dst"), on=FRAME.field
    )  # fmt: skip
    found = _Exchanges()
    known = table.drop_nulls(["transport", "kind", "time", "src", "dst"]).sort(FRAME.field)
    for row in known.iter_rows(named=True):
        for message in messages(row):
            _add(found, row, message)
    return tuple(found.lookups)


def _add(found: _Exchanges, row: Row, message: Message) -> None:
    new = _lookup(row, message)
    if new is None or not message.lookup:
        return
    if new.kind == "mDNS":
        found.add(new, [])
        return
    # LLMNR is asked of a group and answered by a member of it.
    server = new.server if new.kind == "DNS" else None
    sides = (new.kind, new.transport, new.client, server, new.id)
    asked = (*sides, new.name.lower(), new.type_number)
    at = found.latest.get(asked if message.questions else sides)
    old = None if at is None else found.lookups[at]
    if old is None or at is None or _separate(old, new):
        found.add(new, [asked, sides])
    elif message.response:
        found.lookups[at] = _answered(old, new)
    else:
        repeated, first = (*old.query_frames, *new.query_frames), new.query_ns if old.query_ns is None else old.query_ns
        found.lookups[at] = old._replace(query_frames=repeated, query_ns=first, last_query_ns=new.query_ns)


def _separate(old: Lookup, new: Lookup) -> bool:
    """Return whether a message is about another exchange than the latest one of the same question."""
    if new.response_frames and not old.response_frames:
        return False
    if not new.response_frames and old.response_frames:
        # A file that was merged may hold the query behind its answer.
        return bool(old.query_frames) or (new.query_ns or 0) > (old.response_ns or 0)
    times = (old.response_ns, new.response_ns) if new.response_frames else (old.last_query_ns, new.query_ns)
    return (times[1] or 0) - (times[0] or 0) > _NEW_AFTER_NS


def _answered(old: Lookup, new: Lookup) -> Lookup:
    """Return the lookup with this answer, which counts where it is the first one."""
    frames = (*old.response_frames, *new.response_frames)
    if old.response_frames:
        return old._replace(response_frames=frames)
    return old._replace(
        response_frames=frames, response_ns=new.response_ns, rcode=new.rcode, truncated=new.truncated,
        answers=new.answers, server=new.server, referred=new.referred, cut=new.cut,
    )  # fmt: skip


def _referred(message: Message) -> bool:
    kinds = {number for _, number in message.records}
    if message.authoritative and _SOA in kinds:  # RFC 2308 section 2.2: there is no more to be had, from anybody
        return False
    return not message.recursive or (not message.answers and _NS in kinds and _SOA not in kinds)


def _lookup(row: Row, message: Message) -> Lookup | None:
    ports = tcp if row["transport"] == "tcp" else udp
    sport, dport = row[ports.SOURCE_PORT.field] or [None], row[ports.DESTINATION_PORT.field] or [None]
    if sport[-1] is None or dport[-1] is None:
        return None
    source, destination = Endpoint(row["src"], sport[-1]), Endpoint(row["dst"], dport[-1])
    (name, number), *further = message.questions or message.records[:1] or (("", 0),)
    common = {
        "kind": _KINDS[row["kind"]], "transport": row["transport"].upper(),
        "stream": (row[ports.STREAM.field] or [None])[-1], "id": message.id, "name": name, "type_number": number,
        "further_questions": tuple(f"{name} {dns_names.record_type(number)}" for name, number in further),
    }  # fmt: skip
    frame, time = row[FRAME.field], row["time"]
    if not message.response:
        return Lookup(
            **common, client=source, server=destination, query_frames=(frame,), query_ns=time, last_query_ns=time
        )
    return Lookup(
        **common, client=destination, server=source, response_frames=(frame,), response_ns=time,
        rcode=message.rcode, truncated=message.truncated, answers=message.answers,
        referred=_referred(message), cut=message.cut,
    )  # fmt: skip
