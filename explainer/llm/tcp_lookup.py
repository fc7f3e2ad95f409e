"""What a question about TCP's times and sizes asks for outright: round trips, phases, segment sizes."""

import re
from collections import Counter
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim, Severity
from explainer.protocols.tcp import Endpoint
from explainer.wording import count, listing, milliseconds

_ROWS = 5
_SLOW_CONNECT_MS, _SLOW_SERVER_MS = 300, 1000  # as the rules about slowness have it
NOT_SLOW = "No, it is not slow"
_LARGE = re.compile(r"\b(?:large|big|jumbo|huge|long|64 ?k)\b", re.IGNORECASE)


def segment_sizes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which maximum segment sizes the two sides announce, the smallest first."""
    joined = next((f for f in analysis.findings if f.rule == "capture_offloading"), None)
    if joined and _LARGE.search(question.text):
        yield Claim(text=joined.title, frames=joined.evidence.frames, sources=(joined.id,))
    rows = _rows(analysis.stat("tcp_health"))
    named = [r for r in rows if {address(r["client"]), address(r["server"])} & question.addresses]
    told = [row for row in named or rows if row["client_mss"] is not None or row["server_mss"] is not None]
    for row in sorted(told, key=lambda row: min(row["client_mss"] or 65535, row["server_mss"] or 65535))[:_ROWS]:
        sides = [
            f"{side} {row[name]} announces a maximum segment size (MSS) of {row[f'{name}_mss']} bytes"
            for name, side in (("client", "the client"), ("server", "the server"))
            if row[f"{name}_mss"] is not None
        ]
        smallest = min(row["client_mss"] or 65535, row["server_mss"] or 65535)
        about = f", so segments carry at most {smallest} bytes (an MTU of about {smallest + 40})"
        text = listing(sides) + about
        yield Claim(text=f"{text[:1].upper()}{text[1:]}.", frames=_synframes(analysis, row), sources=("tcp_health",))


def _synframes(analysis: Analysis, row: Row) -> tuple[int, ...]:
    same = (r for r in _rows(analysis.stat("rtt")) if r["stream"] == row["stream"])
    return next((_frames(r, "syn_frame", "syn_ack_frame") for r in same), ())


def closings(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which side ended the connections first, and how."""
    every = _rows(analysis.stat("closings"))
    named = [r for r in every if {address(r["client"]), address(r["server"])} & question.addresses]
    ports = _ports_of_services(analysis, question)
    of_service = [r for r in named or every if _port(r["server"]) in ports]
    told = sorted(of_service or named or every, key=lambda row: _port(row["server"]) not in _failing(analysis))
    if len(told) > _ROWS:
        ways = Counter((address(row[row["ended_by"]]), row["ended_by"], row["how"]) for row in told)
        words = [
            f"{count(number, 'is', 'are')} ended by the {side} {host} ({how})"
            for (host, side, how), number in ways.most_common(_ROWS)
        ]
        more = [f"{len(ways) - _ROWS} more kinds"] if len(ways) > _ROWS else []
        frames = tuple(row["frame"] for row in told[:_ROWS])
        text = f"Of {count(len(told), 'connection')} that end here, {listing([*words, *more])}"
        yield Claim(text=f"{text}.", frames=frames, sources=("closings",))
        return
    for row in told:
        side, how = row["ended_by"], "with a reset (RST)" if row["how"] == "RST" else "(FIN)"
        which = f"the connection of {row['client']} to {row['server']}"
        then = f"; the {row['reset_by']} answered with a reset" if row["reset_by"] else ""
        sent = f"the client had sent {count(row['client_bytes'], 'byte')}, the server {row['server_bytes']:,}"
        text = (
            f"The {side} {address(row[side])} ended {which} first {how}{then}. It had lasted {row['lasted_s']:,.1f} s"
        )
        yield Claim(text=f"{text}; {sent}.", frames=(row["frame"],), sources=("closings",))


def not_reset(analysis: Analysis) -> Iterator[Claim]:
    """Yield that no connection was reset, where all that end here are closed in order."""
    every = _rows(analysis.stat("closings"))
    if every and not any(row["how"] == "RST" or row["reset_by"] for row in every):
        all_of = count(len(every), "connection ends", "connections end")
        text = f"No reset (RST) is seen: {all_of} here, in order (FIN)."
        yield Claim(text=text, frames=tuple(row["frame"] for row in every[:_ROWS]), sources=("closings",))


def _ports_of_services(analysis: Analysis, question: Question) -> set[int]:
    """Return the ports on which a protocol is spoken that the question names."""
    words = set(re.findall(r"[a-z0-9-]+", question.text.lower()))
    rows = _rows(analysis.stat("ports"))
    return {row["port"] for row in rows if words & {row["service"], *(row.get("spoken") or "").split(", ")}}


def rtt(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield the round-trip times, of the hosts that are named or of all."""
    rows = [row for row in _rows(analysis.stat("rtt")) if row["syn_ack_rtt_ms"] is not None]
    named = [r for r in rows if {address(r["client"]), address(r["server"])} & question.addresses]
    for row in (named or rows)[:_ROWS]:
        between = f"between {row['client']} and {row['server']}"
        text = f"The round-trip time {between} is {milliseconds(row['syn_ack_rtt_ms'])} (SYN to SYN/ACK)"
        if row["initial_rtt_ms"] is not None:
            text += f"; the handshake was complete after {milliseconds(row['initial_rtt_ms'])}"
        yield Claim(text=f"{text}.", frames=_frames(row, "syn_frame", "syn_ack_frame", "ack_frame"), sources=("rtt",))
    yield from _ping_rtt(analysis, question)


def _ping_rtt(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("pings")) if row["mean_ms"] is not None]
    named = [row for row in rows if {row["source"], row["target"]} & question.addresses]
    for row in (named or rows)[:_ROWS]:
        shortest, mean, longest = (milliseconds(row[name]) for name in ("min_ms", "mean_ms", "max_ms"))
        text = f"The round-trip time of the pings from {row['source']} to {row['target']} is {mean} on average"
        text += f" ({shortest} to {longest}, {count(row['replies'], 'reply', 'replies')})"
        yield Claim(text=f"{text}.", frames=_frames(row, "first_frame", "reply_frame"), sources=("pings",))


def slowness(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield whether a connection is slow, and where the time went, the slowest first."""
    rows = _rows(analysis.stat("timing"))
    named = [r for r in rows if {address(r["client"]), address(r["server"])} & question.addresses]
    named = named or [r for r in rows if r["server"] in _spoken_as(analysis, question)]
    slowest = sorted(
        named or rows,
        key=lambda r: (-max(r["connect_ms"] or 0, r["slowest_ms"], r["transfer_ms"], r["asking_ms"]), r["stream"]),
    )
    hidden = {row["server"] for row in _rows(analysis.stat("tls"))}
    told = [_phases(row) for row in slowest[:_ROWS]]
    waiting = [row for row in slowest if row.get("waiting_frame") and row["server"] not in hidden]
    if waiting and told[0].text.startswith(NOT_SLOW):
        yield _unanswered(waiting[0])
    yield from told


def _unanswered(row: Row) -> Claim:
    """Return that the last request of a connection waits when the capture ends: how long, it cannot tell."""
    text = f"This capture cannot tell: what {row['client']} sent last to {row['server']} (frame {row['waiting_frame']})"
    text += f" is not answered before it ends. Before, {count(row['exchanges'], 'answer')} came within"
    return Claim(text=f"{text} {milliseconds(row['slowest_ms'])}.", frames=(row["waiting_frame"],), sources=("timing",))


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def _failing(analysis: Analysis) -> set[int]:
    """Return the ports of which something is wrong: who asks how a connection ended means those first."""
    return {p for f in analysis.findings if f.severity in (Severity.HIGH, Severity.MEDIUM) for p in f.scope.ports}


_SERVICES = (
    (r"databases?|db|\w*sql|redis|mongo\w*", ("MySQL", "PostgreSQL", "SQL Server", "Redis", "MongoDB")),
    (r"e?-?mails?|smtp|imap|pop3?|mailbox\w*", ("SMTP", "IMAP", "POP3")),
    (r"web\w*|pages?|sites?|https?", ("HTTP", "TLS")),
    (r"ssh|shell|terminal|telnet", ("SSH", "Telnet")),
    (r"files?|shares?|ftp|smb", ("FTP", "SMB", "NFS")),
    (r"ldap|directory", ("LDAP",)),
    (r"mqtt|amqp|brokers?|queues?|messages?", ("MQTT", "AMQP", "Kafka", "NATS")),
)
"""What people call a service, and what is spoken with it."""


def _spoken_as(analysis: Analysis, question: Question) -> set[str]:
    """Return the servers, with their ports, of the services that the question speaks of."""
    meant = tuple(
        name
        for words, names in _SERVICES
        if re.search(rf"\b(?:{words})\b", question.text, re.IGNORECASE)
        for name in names
    )
    spoken = [row for row in _rows(analysis.stat("spoken")) if row["port"] is not None]
    return {str(Endpoint(row["server"], row["port"])) for row in spoken if meant and row["protocols"].startswith(meant)}


def _phases(row: Row) -> Claim:
    connect, between = row["connect_ms"], f"{row['client']} to {row['server']}"
    if connect is not None and connect >= _SLOW_CONNECT_MS:
        verdict = f"Yes, the network between them is slow ({between})"
    elif row["server_ms"] >= _SLOW_SERVER_MS:
        waited = f"{milliseconds(row['slowest_ms'])} until frame {row['slowest_frame']}"
        verdict = f"Yes, waiting for the server took longest: {waited} ({between})"
    elif row["transfer_ms"] >= _SLOW_SERVER_MS:
        verdict = f"What takes longest is the transfer: {milliseconds(row['transfer_ms'])} ({between})"
    elif row["asking_ms"] >= _SLOW_SERVER_MS:
        sent = f"{milliseconds(row['asking_ms'])} until frame {row['asked_frame']}"
        verdict = f"What takes longest is what the client sends before the server answers: {sent} ({between})"
    else:
        verdict = f"{NOT_SLOW} ({between})"
    phases = [f"SYN/ACK after {milliseconds(connect)} (frame {row['syn_ack_frame']})"] if connect is not None else []
    if row["acknowledged_ms"] is not None:
        took = milliseconds(row["acknowledged_ms"])
        phases.append(f"the first request acknowledged after {took} (frame {row['acknowledged_frame']})")
    took = milliseconds(row["first_byte_ms"])
    phases.append(f"its response begun after {took} (frame {row['response_frame']})")
    if row["last_frame"] != row["response_frame"]:
        phases.append(f"and transferred in {milliseconds(row['transfer_ms'])} more (frame {row['last_frame']})")
    names = ["syn_frame", "syn_ack_frame", "request_frame", "acknowledged_frame", "response_frame"]
    text = f"{verdict}: {', '.join(phases)}"
    if verdict.startswith(NOT_SLOW) and row["slowest_frame"] != row["response_frame"]:
        text += f"; of {count(row['exchanges'], 'exchange')}, the slowest was answered after"
        text += f" {milliseconds(row['slowest_ms'])} (frame {row['slowest_frame']})"
        names.append("slowest_frame")
    return Claim(text=f"{text}.", frames=_frames(row, *names), sources=("timing",))


def losses(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how many segments were sent again, where no finding tells of losses."""
    known = _rows(analysis.stat("tcp_health"))
    if any(question.concerns(finding) for finding in analysis.findings):
        return
    if not known:
        yield from _lookups_answered(analysis)
        return
    segments, again = sum(row["segments"] for row in known), sum(row["retransmissions"] for row in known)
    gaps = sum(row["lost_segments"] for row in known)
    if not again and not gaps:
        text = f"No packet loss is seen: none of {segments:,} TCP segments was sent again{_ALL_THERE}"
    else:
        known_again = f"{again:,} {'was' if again == 1 else 'were'}" if again else "none was"
        missing = f"; one is missing {count(gaps, 'time')}" if gaps else ""
        text = f"Of {segments:,} TCP segments {known_again} sent again (retransmissions){missing}"
    datagrams = sum(row["packets"] for row in _rows(analysis.stat("ports")) if row["transport"] == "UDP")
    if datagrams > segments:
        text += f"; of the {datagrams:,} UDP packets, which most are, none tells whether one before it was lost"
    opened = tuple(row["syn_frame"] for row in _rows(analysis.stat("rtt"))[:_ROWS] if row["syn_frame"])
    half = next((f for f in analysis.findings if f.rule == "capture_one_direction"), None)
    if half:
        text = "This capture cannot tell what was lost: one direction is not in it"
        text += f"; of the {count(segments, 'TCP segment')} of the other, {again or 'none'} was sent again"
    yield Claim(text=f"{text}.", frames=half.evidence.frames if half else opened, sources=("tcp_health",))


_ALL_THERE = ", and none is missing"


def _lookups_answered(analysis: Analysis) -> Iterator[Claim]:
    """Yield that all questions to name servers were answered, where TCP's numbers, which show a loss, are not there."""
    asked = [row for row in _rows(analysis.stat("dns")) if row["query_frame"] is not None]
    once = all(row["response_frame"] is not None and not row.get("retransmissions") for row in asked)
    if asked and once:
        text = f"No packet loss is seen: {count(len(asked), 'DNS question was', 'DNS questions were')} asked, and"
        text += " all were answered at once. There is no TCP here, whose numbers would show more"
        at = tuple(frame for row in asked[:_ROWS] for frame in _frames(row, "query_frame", "response_frame"))
        yield Claim(text=f"{text}.", frames=at, sources=("dns",))
