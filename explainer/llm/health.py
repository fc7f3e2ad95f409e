"""What speaks for a working network and working services: what was answered, completed, accepted, given out."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from explainer.llm.address_lookup import leases_ipv6
from explainer.llm.neighbor_lookup import neighbors
from explainer.llm.rows import Row
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing, milliseconds

_ROWS = 5
_STEPS = ("greeting", "EHLO", "HELO", "MAIL", "DATA", "RSET", "QUIT", "key 3")
_MAIL = "the mail"
_TOWARDS = ("negotiate", "key exchange", "create", "RCPT", "BDAT")
_LAST_KEY = "key 4"
_NAMES, _LONGEST = 3, 100
_LEAST_OF_STREAM, _STREAMS = 50, 4  # a second of voice
_UNFINISHED = ("capture ends too early", "capture starts in the middle", "one direction only")
_CLOCK_STEPPED_MS = 600_000  # no SYN is answered after ten minutes: the recording clock stepped
FIRST_ERROR = 400  # RFC 9110, section 15


def claims(analysis: Analysis) -> list[Claim]:
    """Return the facts that speak for a working network: connections answered, and how fast."""
    return [
        *answered_connections(analysis),
        *pings(analysis),
        *handshakes(analysis),
        *quic_connections(analysis),
        *_warnings(analysis),
        *accepted(analysis),
        *leases(analysis),
        *neighbors(analysis),
        *_web(analysis),
        *voice(analysis),
        *resolved(analysis),
    ]


def _web(analysis: Analysis) -> Iterator[Claim]:
    """Yield that HTTP requests were answered without an error, where all of them were."""
    rows = [row for row in _rows(analysis.stat("http")) if row["method"] and row["status"]]
    if rows and all(row["status"] < FIRST_ERROR for row in rows):
        last = rows[-1]
        answered = count(len(rows), "HTTP request was answered", "HTTP requests were answered")
        text = f"{answered}, none with an error: the last one, {last['method']} {last['path'][:_LONGEST]}, with"
        frames = _frames(last, "request_frame", "response_frame")
        yield Claim(text=f"{text} status {last['status']}.", frames=frames, sources=("http",))


def voice(analysis: Analysis) -> Iterator[Claim]:
    """Yield how much of each voice or video stream arrived, the longest first."""
    rows = sorted(_rows(analysis.stat("rtp")), key=lambda row: -row["packets"])
    for row in [row for row in rows if row["packets"] >= _LEAST_OF_STREAM][:_STREAMS]:
        lost = f"{row['lost']:,} of them are lost" if row["lost"] else "none of them is lost"
        jitter = f", with a jitter of {row['jitter_ms']:g} ms on average" if row["jitter_ms"] is not None else ""
        sent = row["packets"] + row["lost"]
        text = f"Voice or video (RTP): {row['source']} sends {count(sent, 'packet')} to {row['destination']} in"
        text += f" {row['lasted_s']:.1f} s; {lost}{jitter}."
        yield Claim(text=text, frames=_frames(row, "first_frame", "last_frame"), sources=("rtp",))


def resolved(analysis: Analysis) -> Iterator[Claim]:
    """Yield that names were resolved, where all questions were answered without an error."""
    rows = [row for row in _rows(analysis.stat("dns")) if row["query_frame"] is not None]
    if rows and all(row["response_frame"] is not None and row["rcode"] in ("NOERROR", "No error", 0) for row in rows):
        names = list(dict.fromkeys(row["name"] for row in rows if row["name"]))
        more = [f"{len(names) - _NAMES} more"] if len(names) > _NAMES else []
        asked = count(len(rows), "DNS question was answered", "DNS questions were answered")
        frames = tuple(frame for row in rows[:_NAMES] for frame in _frames(row, "query_frame", "response_frame"))
        yield Claim(text=f"{asked} ({listing([*names[:_NAMES], *more])}).", frames=frames, sources=("dns",))


def accepted(analysis: Analysis, protocols: Collection[str] = (), beside: Collection[str] = ()) -> Iterator[Claim]:
    """Yield which requests to application servers were answered with yes: of these protocols, or of all.

    Requests `beside` are left out. What the protocols are there for comes first, not the steps towards it.
    """
    groups = defaultdict[tuple[str, str, str], list[Row]](list)
    for row in _rows(analysis.stat("answers")):
        if row["ok"] and row["request"] not in (*_STEPS, *beside) and _is_among(row, protocols):
            groups[row["protocol"], row["request"], row["server"]].append(row)
    told = sorted(groups.items(), key=lambda item: _weight(item[0][1]) if protocols else item[0][1] != _MAIL)
    for (protocol, request, server), group in told[:_ROWS]:
        whom = list(dict.fromkeys(row["about"] for row in group if row["about"]))
        others = [f"{len(whom) - _NAMES} more"] if len(whom) > _NAMES else []
        about = f" {listing([*whom[:_NAMES], *others])}" if whom else ""
        more = f" ({count(len(group), 'time')})" if len(group) > 1 else ""
        every = tuple(frame for row in group[:_ROWS] for frame in _frames(row, "request_frame", "frame"))
        # A password's place in the sentence belongs to nobody's name.
        what = f"the login{f' of{about}' if about else ''}" if request == "PASS" else f"{request}{about}"
        text = f"{protocol}: {server or 'the access server'} accepts {what}{more}."
        if request == _MAIL:
            text = f"{protocol}: {server} accepts the mail{more} (it answers {group[0]['code']})."
        if request == _LAST_KEY:
            text = f"{protocol}: the four-way handshake of {group[0]['client']} with {server} is completed."
        yield Claim(text=text, frames=every, sources=("answers",))


def _is_among(row: Row, protocols: Collection[str]) -> bool:
    return not protocols or row["protocol"] in protocols


def _weight(request: str) -> int:
    return 0 if request == _MAIL else 2 if request in _TOWARDS else 1


def leases(analysis: Analysis) -> Iterator[Claim]:
    """Yield which addresses DHCP, and DHCPv6, gave to whom."""
    for row in [row for row in _rows(analysis.stat("dhcp")) if row["ack_frame"] is not None][:_ROWS]:
        text = f"The DHCP server {row['server'] or '(not named)'} gives {row['mac']} the address"
        given = row["given"] or row["requested"]
        yield Claim(
            text=f"{text} {given} (ACK)." if given else f"{text.removesuffix(' the address')} what it asks for (ACK).",
            frames=_frames(row, "request_frame", "ack_frame"), sources=("dhcp",),
        )  # fmt: skip
    yield from leases_ipv6(analysis)


def unfinished_handshakes(analysis: Analysis) -> str:
    """Return "1 TLS handshake is" for those that neither completed nor failed, or nothing."""
    open_ones = sum(row["outcome"] in _UNFINISHED for row in _rows(analysis.stat("tls")))
    return count(open_ones, "TLS handshake is", "TLS handshakes are") if open_ones else ""


def unanswered_requests(analysis: Analysis) -> str:
    """Return "1 connection request (SYN) is" where none of the capture's connections was answered, or nothing."""
    if _rows(analysis.stat("rtt")):
        return ""
    alone = _rows(analysis.stat("unanswered"))
    return count(len(alone), "connection request (SYN) is", "connection requests (SYN) are") if alone else ""


def open_pages(analysis: Analysis) -> str:
    """Return "1 HTTP request is" for those whose answer is not whole where neither side has ended the connection."""
    if analysis.stat("closings") is None:
        return ""
    over = {(row["client"], row["server"]) for row in _rows(analysis.stat("closings"))}
    last = {(row["client"], row["server"]): row for row in _rows(analysis.stat("http"))}
    waiting = [row for talk, row in last.items() if talk not in over and row["method"] and row["status"] is None]
    return count(len(waiting), "HTTP request is", "HTTP requests are") if waiting else ""


def unanswered_leases(analysis: Analysis) -> str:
    """Return "1 DHCP exchange is" where a client asks and no server says yes or no to anybody, or nothing."""
    asking = _rows(analysis.stat("dhcp"))
    if any(row[said] is not None for row in asking for said in ("ack_frame", "nak_frame", "decline_frame")):
        return ""
    return count(len(asking), "DHCP exchange is", "DHCP exchanges are") if asking else ""


def answered_connections(analysis: Analysis) -> Iterator[Claim]:
    """Yield how many connections were answered, and after which time the slowest."""
    rows = [row for row in _rows(analysis.stat("rtt")) if 0 <= (row["syn_ack_rtt_ms"] or -1) < _CLOCK_STEPPED_MS]
    if not rows:
        return
    slowest = max(rows, key=lambda row: row["syn_ack_rtt_ms"])
    answered = count(len(rows), "connection request was answered", "connection requests were answered")
    worst = milliseconds(slowest["syn_ack_rtt_ms"])
    text = f"{answered}, the slowest after {worst} ({slowest['client']} to {slowest['server']})"
    yield Claim(text=f"{text}.", frames=_frames(slowest, "syn_frame", "syn_ack_frame"), sources=("rtt",))


def pings(analysis: Analysis, of: frozenset[str] = frozenset()) -> Iterator[Claim]:
    """Yield which pings were answered, and how fast; where addresses are given, those from or to one of them."""
    known = [row for row in _rows(analysis.stat("pings")) if row["replies"] and row["mean_ms"] is not None]
    for row in [row for row in known if not of or of & {row["source"], row["target"]}][:_ROWS]:
        replies = f"{count(row['replies'], 'reply', 'replies')} to {count(row['requests'], 'ping')}"
        took = milliseconds(row["mean_ms"])
        text = f"{row['target']} sends {replies} of {row['source']}, after {took} on average"
        yield Claim(text=f"{text}.", frames=_frames(row, "first_frame", "reply_frame"), sources=("pings",))


def handshakes(analysis: Analysis) -> Iterator[Claim]:
    """Yield how many TLS handshakes were completed."""
    rows = [row for row in _rows(analysis.stat("tls")) if row["outcome"].startswith("established")]
    if not rows:
        return
    versions = listing(sorted({row["version"] for row in rows if row["version"]}))
    completed = count(len(rows), "TLS handshake was completed", "TLS handshakes were completed")
    frames = tuple(frame for row in rows[:_ROWS] for frame in _frames(row, "client_hello_frame", "server_hello_frame"))
    yield Claim(text=f"{completed}{f', with {versions}' if versions else ''}.", frames=frames, sources=("tls",))


def quic_connections(analysis: Analysis) -> Iterator[Claim]:
    """Yield which QUIC connections were completed."""
    for row in [row for row in _rows(analysis.stat("quic")) if row["outcome"] == "established"][:_ROWS]:
        steps = [
            f"{name} (frame {row[column]})"
            for name, column in (("Version Negotiation", "negotiation_frame"), ("Retry", "retry_frame"))
            if row[column] is not None
        ]
        normal = f"; {listing(steps)} before it {'are' if len(steps) > 1 else 'is'} normal" if steps else ""
        text = f"The QUIC connection of {row['client']} to {row['server']} was completed: both sides send data (1-RTT)"
        frames = _frames(row, "negotiation_frame", "retry_frame", "client_data_frame", "server_data_frame")
        yield Claim(text=f"{text}{normal}.", frames=frames, sources=("quic",))


def _warnings(analysis: Analysis) -> Iterator[Claim]:
    for row in [row for row in _rows(analysis.stat("tls")) if row["warnings"]][:_ROWS]:
        text = f"An alert of level warning is no failure: {row['warnings']}; the connection went on."
        if row["outcome"].startswith("established"):
            yield Claim(text=text, frames=_frames(row, "warning_frame", "outcome_frame"), sources=("tls",))
