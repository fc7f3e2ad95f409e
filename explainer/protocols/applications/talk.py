"""The talk of application protocols as facts: one second look for all of them, taken where one of them occurs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from explainer.facts import Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.applications import (
    brokers,
    chat,
    databases,
    directory,
    errors,
    file_sharing,
    forms,
    ftp,
    kafka,
    machines,
    mail,
    media,
    networks,
    opcua,
    outcomes,
    port_login,
    printing,
    proxies,
    remote_calls,
    sctp,
    services,
    snmp,
    terminals,
    turn,
    vnc,
    wireless,
)
from explainer.protocols.applications.messages import Dialect, Message
from explainer.protocols.applications.mongo import mongo_replies
from explainer.protocols.applications.nats import nats_replies
from explainer.protocols.applications.records import Clock, Login, Record, Reply, Search, Sign, Transfer
from explainer.protocols.applications.urls import in_urls
from explainer.protocols.capture_quality import cut
from explainer.protocols.first_words import unusual_ports
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import hidden_http
from explainer.protocols.ip import packets
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import Endpoint

DIALECTS: dict[str, Dialect] = {
    dialect.layer: dialect
    for dialect in (
        mail.SMTP, mail.POP, mail.IMAP, ftp.FTP, ftp.TFTP, terminals.TELNET, terminals.RLOGIN, terminals.RSH,
        terminals.REXEC, terminals.SSH, terminals.RDP, directory.LDAP, directory.KERBEROS, file_sharing.SMB,
        file_sharing.SMB2, file_sharing.NETBIOS, databases.POSTGRESQL, databases.MYSQL, databases.TDS,
        databases.REDIS, services.NTP, services.RADIUS, services.SIP, snmp.SNMP, services.PORTMAPPER,
        wireless.WIRELESS, forms.FORM, port_login.PORT_LOGIN, brokers.MQTT, brokers.AMQP, proxies.SOCKS, networks.BGP,
        networks.PAP, networks.CHAP, file_sharing.NFS, kafka.KAFKA, vnc.VNC, chat.IRC, chat.XMPP, printing.IPP,
        opcua.OPCUA, turn.TURN, machines.BACNET, machines.S7, sctp.SCTP, media.RTSP,
        *errors.CODED, *outcomes.OUTCOMES, *remote_calls.REMOTE,
    )
}  # fmt: skip
"""By their layer in frame.protocols."""

_PORTS = (tcp.SOURCE_PORT, tcp.DESTINATION_PORT, udp.SOURCE_PORT, udp.DESTINATION_PORT)
_BASE = (FRAME, PROTOCOLS, tcp.SEQUENCE, *_PORTS)
_FIELDS = {column.field: column for dialect in DIALECTS.values() for column in dialect.columns}
_COLUMNS = (*_BASE, *_FIELDS.values())

_TUNNELS = frozenset({"tls", "dtls"})
_CARRIES = "gtp"
"""GTP carries what users send, in millions of frames: it says something itself where it is the innermost layer."""

R = TypeVar("R", Reply, Login, Transfer, Sign, Search, Clock)


def _view(facts: Facts) -> View | None:
    table = facts.frames(FRAME, PROTOCOLS).with_columns(pl.col(PROTOCOLS.field).str.split(":"))
    unusual, web = facts[unusual_ports], facts[hidden_http]
    layers = {*table[PROTOCOLS.field].explode().unique(), *(each.layer for each in unusual)}
    layers |= {forms.FORM.layer} if web else set()
    spoken = [layer for layer in DIALECTS if layer in layers]
    if not spoken:
        return None
    begun = facts[tcp.segments].filter(pl.col("stream").is_in([*(each.stream for each in unusual), *web]))["frame"]
    carrying = [layer for layer in spoken if layer != _CARRIES]
    named = pl.col(PROTOCOLS.field).list.set_intersection(carrying).list.len() > 0
    named |= (pl.col(PROTOCOLS.field).list.last() == _CARRIES) & (_CARRIES in spoken)
    frames = table.filter(named | pl.col(FRAME.field).is_in(begun.implode()))[FRAME.field]
    return View(
        with_streams(facts, frames),
        " || ".join(f"({DIALECTS[layer].frames})" for layer in spoken),
        tuple(sorted({*(each.decode_as for each in unusual), *web.values()})),
        # Each column costs tshark some of its start, and most captures speak one or two dialects.
        columns=tuple(dict.fromkeys((*_BASE, *(column for layer in spoken for column in DIALECTS[layer].columns)))),
    )


_NEEDS = (FRAME, PROTOCOLS, *STREAM_NEEDS, unusual_ports, hidden_http, tcp.segments)
MESSAGES = Look("application messages", _NEEDS, _COLUMNS, _view)


@fact("application messages", MESSAGES, packets, cut, FRAME, tcp.STREAM)
def messages(facts: Facts) -> tuple[Message, ...]:
    """Return the messages, in file order; of a segment that was sent again the first one alone."""
    seen = facts.look(MESSAGES)
    if seen is None:
        return ()
    table = seen.join(
        facts[packets].select("frame", "time", "src", "dst"), left_on=FRAME.field, right_on="frame", how="left",
        maintain_order="left",
    ).join(facts.frames(FRAME, tcp.STREAM), on=FRAME.field, how="left", maintain_order="left")  # fmt: skip
    base = {column.field for column in _BASE}
    asked = [field for field in _FIELDS if field in seen.columns]
    said = [field for field in asked if table[field].null_count() < table.height]
    table = table.drop([field for field in asked if field not in (*said, *base)])
    found, known, stored = [], set[tuple[Any, ...]](), facts[cut]
    in_part = frozenset(stored.frames if stored else ())
    for row in table.iter_rows(named=True):
        message = _message(row, said)
        if message.stream is not None and row[tcp.SEQUENCE.field] is not None:
            segment = message.stream, message.source, row[tcp.SEQUENCE.field]
            if segment in known:
                continue
            known.add(segment)
        found.append(message._replace(cut=True) if message.frame in in_part else message)
    return tuple(found)


def _message(row: dict[str, Any], said: Sequence[str]) -> Message:
    layers = tuple((row[PROTOCOLS.field] or "").split(":"))
    over = next((layer for layer in reversed(layers) if layer in ("tcp", "udp")), "")
    ports = _PORTS[:2] if over == "tcp" else _PORTS[2:]
    sport, dport = ((row[port.field] or [None])[-1] or 0 for port in ports)
    values = {
        field: tuple(value if isinstance(value, list) else [value])
        for field in said
        if (value := row[field]) not in (None, [])
    }
    return Message(
        row[FRAME.field], row["time"] or 0, (row[tcp.STREAM.field] or [None])[-1] if over == "tcp" else None,
        Endpoint(row["src"] or "", sport), Endpoint(row["dst"] or "", dport), layers, values,
    )  # fmt: skip


@fact("application talk", messages, unusual_ports, hidden_http)
def records(facts: Facts) -> tuple[Record, ...]:
    """Return what was said, by protocol and conversation."""
    talks = defaultdict[tuple[Any, ...], list[Message]](list)
    for message in facts[messages]:
        for layer in dict.fromkeys(message.layers):
            if layer in DIALECTS:
                pair = (
                    message.stream
                    if message.stream is not None
                    else frozenset((message.source.address, message.destination.address))
                )
                talks[layer, pair].append(message)
    encrypted = {message.frame for message in facts[messages] if not _TUNNELS.isdisjoint(message.layers)}
    read = (record for (layer, _), talk in talks.items() for record in DIALECTS[layer].read(talk))
    unusual = {each.stream for each in facts[unusual_ports]} | facts[hidden_http].keys()
    # What was decrypted with the user's keys cannot be read by others.
    return tuple(
        record._replace(unusual=True) if isinstance(record, Reply | Login) and record.stream in unusual else record
        for record in read if not (isinstance(record, Login) and record.frames[0] in encrypted)
    )  # fmt: skip


def _of(facts: Facts, kind: type[R]) -> Iterator[R]:
    return (record for record in facts[records] if isinstance(record, kind))


@fact("answers of application servers", records, mongo_replies, nats_replies)
def replies(facts: Facts) -> tuple[Reply, ...]:
    """Return the yeses and noes of application servers, by frame."""
    found = (*_of(facts, Reply), *facts[mongo_replies], *facts[nats_replies])
    return tuple(sorted(found, key=lambda reply: reply.frame))


@fact("logins in clear", records, in_urls)
def logins(facts: Facts) -> tuple[Login, ...]:
    """Return the logins that can be read, by frame."""
    return tuple(sorted((*_of(facts, Login), *facts[in_urls]), key=lambda login: login.frames))


@fact("files asked for", records)
def transfers(facts: Facts) -> tuple[Transfer, ...]:
    """Return the files that were asked for, by frame."""
    return tuple(sorted(_of(facts, Transfer), key=lambda transfer: transfer.frame))


@fact("signs in application messages", records)
def signs(facts: Facts) -> tuple[Sign, ...]:
    """Return the signs, by frame."""
    return tuple(sorted(_of(facts, Sign), key=lambda sign: sign.frame))


@fact("searches in directories", records)
def searches(facts: Facts) -> tuple[Search, ...]:
    """Return what was searched, by frame."""
    return tuple(sorted(_of(facts, Search), key=lambda search: search.frame))


@fact("answers of time servers", records)
def clocks(facts: Facts) -> tuple[Clock, ...]:
    """Return what time servers answered, by frame."""
    return tuple(sorted(_of(facts, Clock), key=lambda clock: clock.frame))
