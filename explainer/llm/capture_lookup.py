"""What a question about the capture as a whole asks for outright: its size, its time, its connections, its amounts."""

import re
from collections.abc import Iterator, Sequence

from explainer.brief.question import Question, Topic
from explainer.llm.rows import Row, rows
from explainer.llm.talk_lookup import names
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_ROWS = 5
_IP = ("endpoints_ip", "endpoints_ipv6")


def size(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how many frames there are, and how large they are."""
    info = analysis.info
    bytes_ = _bytes(analysis)
    carried = f" with {bytes_:,} bytes together" if bytes_ else ""
    selected = " that were looked at" if info.selection else ""
    held = f"{count(info.frames, 'frame')} (packets){carried}{selected}"
    text = f"The capture holds {held}; the file has {info.bytes:,} bytes"
    yield Claim(text=f"{text}.", frames=_ends(analysis), sources=("protocol_hierarchy",))


def interfaces(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield on which interfaces packets were recorded, as far as the file tells, and the names asked for at each."""
    known = [interface for interface in analysis.info.interfaces if interface.frames]
    words = [f"{each.name} ({count(each.frames, 'frame')})" for each in known if each.name not in ("", "unknown")]
    others = sum(each.frames for each in known if each.name in ("", "unknown"))
    words += [f"one that is not named ({count(others, 'frame')})"] if others else []
    text = f"Packets were recorded on {count(len(known), 'interface')}: {listing(words)}"
    if not known:
        text = "The file does not say on which interface it was recorded: only pcapng does"
    yield Claim(text=f"{text}.", frames=_ends(analysis), sources=("protocol_hierarchy",))
    if len(known) > 1 and Topic.NAMES not in question.topics:
        yield from names(analysis, question)


def lengths(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how long the frames are."""
    known = rows(analysis.stat("packet_lengths"))
    if known:
        packets = sum(row["packets"] for row in known)
        average = sum(row["average_bytes"] * row["packets"] for row in known) / packets
        longest, shortest = max(row["max_bytes"] for row in known), min(row["min_bytes"] for row in known)
        text = (
            f"The longest frame has {longest:,} bytes, the shortest {shortest:,}; on average they have {average:,.0f}"
        )
        yield Claim(text=f"{text}.", sources=("packet_lengths",))


def _bytes(analysis: Analysis) -> int:
    return sum(row["bytes"] for row in rows(analysis.stat("protocol_hierarchy")) if row["depth"] == 0)


def _ends(analysis: Analysis) -> tuple[int, ...]:
    """Return the first and the last frame; of a selection nobody knows their numbers here."""
    info = analysis.info
    return () if info.selection or not info.frames else tuple(dict.fromkeys((1, info.frames)))


def when(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield when the capture begins and ends, by its own clock."""
    info = analysis.info
    if info.first is None or info.last is None or info.duration_s is None:
        yield Claim(text="This capture cannot tell: its frames carry no time.")
        return
    lasts = f"{info.duration_s:.3g} seconds" if info.duration_s < 1 else f"{info.duration_s:,.1f} seconds"
    text = f"The capture lasts {lasts}, from {info.first:%Y-%m-%d %H:%M:%S.%f} to {info.last:%Y-%m-%d %H:%M:%S.%f} UTC"
    yield Claim(text=f"{text}, by the clock of the machine that recorded it.", frames=_ends(analysis))


def state(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield whether the file could be read to its end, and its frames are whole."""
    info = analysis.info
    for warning in info.warnings:
        yield Claim(text=warning, frames=_ends(analysis), sources=("capture",))
    if not info.warnings:
        cut = f"{count(info.cut_frames, 'frame')} were stored shorter than they were sent" if info.cut_frames else ""
        text = f"The capture file can be read to its end: {count(info.frames, 'frame')}, {cut or 'none of them cut'}"
        yield Claim(text=f"{text}.", frames=_ends(analysis), sources=("capture",))


def connections(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how many conversations there are, and to which ports."""
    over = [
        (stat.total_rows, name)
        for key, name in (("conversations_tcp", "TCP connection"), ("conversations_udp", "UDP conversation"))
        if (stat := analysis.stat(key)) is not None
    ]
    if not over:
        return
    text = f"The capture holds {listing([count(number, name) for number, name in over])}"
    to = _ports(rows(analysis.stat("ports")))
    first = tuple(row["first_frame"] for row in rows(analysis.stat("ports"))[:_ROWS])
    yield Claim(text=f"{text}{to}.", frames=first, sources=("conversations_tcp", "conversations_udp", "ports"))


def _ports(known: Sequence[Row]) -> str:
    words = []
    for row in known[:_ROWS]:
        service = f" ({row['service']})" if row["service"] else ""
        words.append(f"{row['conversations']:,} to {row['transport']} port {row['port']}{service}")
    more = [f"others to {count(len(known) - _ROWS, 'more port')}"] if len(known) > _ROWS else []
    return f": {listing([*words, *more])}" if words else ""


def volume(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how much was sent, by whom."""
    hosts = [row for key in _IP for row in rows(analysis.stat(key))]
    named = [row for row in hosts if row["address"] in question.addresses]
    if not named:
        total, last = _bytes(analysis), analysis.info.frames
        if total:
            text = f"In all, {total:,} bytes crossed in {count(last, 'frame')}, headers included"
            yield Claim(text=f"{text}.", frames=_ends(analysis), sources=("protocol_hierarchy",))
    for row in (named or sorted(hosts, key=lambda row: -row["tx_bytes"]))[:_ROWS]:
        sent, received = row["tx_bytes"], row["rx_bytes"]
        text = f"{row['address']} sent {sent:,} bytes and received {received:,} bytes, headers included"
        yield Claim(text=f"{text}.", frames=_first(analysis, row["address"]), sources=_IP)


_BOTH_WAYS = ("sent or received", "packets", "bytes")
_SENT = re.compile(r"^(?!.*\breceiv).*\b(?:sends?|sent|sender|sending|uploads?)\b", re.IGNORECASE)
_RECEIVED = re.compile(r"^(?!.*\bsen[dt]).*\b(?:receiv\w+|downloads?)\b", re.IGNORECASE)
_WAYS = ((_SENT, "sent", "tx_packets", "tx_bytes"), (_RECEIVED, "received", "rx_packets", "rx_bytes"))
_OF_DATA = re.compile(r"\b(?:bandwidth|data|bytes|volume|line|capacity)\b", re.IGNORECASE)


def talkers(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who sent and received most, and between whom most was said."""
    verb, packets, octets = next(((v, p, b) for words, v, p, b in _WAYS if words.search(question.text)), _BOTH_WAYS)
    first = octets if verb != _BOTH_WAYS[0] or _OF_DATA.search(question.text) else packets
    second = packets if first == octets else octets
    hosts = sorted((row for key in _IP for row in rows(analysis.stat(key))), key=lambda r: (-r[first], -r[second]))
    hosts = [row for row in hosts if row[first]]
    if not hosts:
        return
    words = [f"{r['address']} ({count(r[packets], 'packet')}, {r[octets]:,} bytes)" for r in hosts[:_ROWS]]
    between = max(
        (r for key in ("conversations_ip", "conversations_ipv6") for r in rows(analysis.stat(key))),
        key=lambda r: (r["packets"], r["bytes"]), default=None,
    )  # fmt: skip
    pair = f"; the busiest pair is {between['a']} and {between['b']} ({between['bytes']:,} bytes)" if between else ""
    text = f"Most {'data is' if first == octets else 'packets are'} {verb} by {listing(words)}{pair}"
    frames = tuple(f for r in hosts[:_ROWS] for f in _first(analysis, r["address"]))
    yield Claim(text=f"{text}.", frames=frames, sources=_IP)


def _first(analysis: Analysis, address: str) -> tuple[int, ...]:
    return tuple(row["first_frame"] for row in rows(analysis.stat("hosts")) if row["address"] == address)


def ip_version(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield whether IPv4 and IPv6 are used, in frames."""
    seen = dict.fromkeys(("ip", "ipv6"), 0)
    for row in rows(analysis.stat("protocol_hierarchy")):
        if row["protocol"] in seen and not {"ip", "ipv6"} & set(row["path"].split("/")[:-1]):
            seen[row["protocol"]] += row["frames"]
    words = [f"{name} in {count(seen[key], 'frame')}" for key, name in (("ip", "IPv4"), ("ipv6", "IPv6")) if seen[key]]
    absent = [name for key, name in (("ip", "IPv4"), ("ipv6", "IPv6")) if not seen[key]]
    if words:
        without = f"; there is no {absent[0]} in it" if absent else ""
        frames = tuple(
            next((r["first_frame"] for r in rows(analysis.stat("hosts")) if (":" in r["address"]) == six), 0)
            for six, key in ((False, "ip"), (True, "ipv6")) if seen[key]
        )  # fmt: skip
        text = f"The capture holds {listing(words)}{without}."
        yield Claim(text=text, frames=tuple(filter(None, frames)), sources=("protocol_hierarchy", "hosts"))
