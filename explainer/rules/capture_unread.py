"""What is in the capture and no rule reads: so that silence about it is not taken for health."""

import re
from collections.abc import Iterator
from typing import Any

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications.talk import DIALECTS
from explainer.protocols.banners import spoken
from explainer.protocols.first_words import unusual_ports
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import hidden_http
from explainer.protocols.openings import openings
from explainer.protocols.plain_names import FRAGMENTS, NAMES, plain
from explainer.protocols.tcp import segments
from explainer.protocols.tls.again import hidden
from explainer.protocols.traffic import innermost
from explainer.registry import rule
from explainer.wording import count, listing

_READ = (
    "tls",
    "http",
    "http2",
    "websocket",
    "dns",
    "mdns",
    "nbss",
    "rpc",
    "bittorrent",
    "mbtcp",
    "bvlc",
    "ftp-data",
    *DIALECTS.keys() - {"stun"},
)
"""Layers above TCP of which some rule knows success from failure; of STUN only what TURN says is known."""
_READ_ELSEWHERE = (
    "quic", "dtls", "dhcp", "dhcpv6", "bt-dht", "bt-utp", "tcp", "udp", "icmp", "icmpv6", "arp", "wlan", "eapol",
    "rtp", "rtcp", "pppoed", "bfd", "lacp",
)  # fmt: skip
"""The same of layers above UDP, IP and the link."""
_NAMED, _SHOWN = 3, 20


@fact("protocols that no rule reads", FRAME, PROTOCOLS, openings, segments, unusual_ports, hidden_http, hidden)
def unread(facts: Facts) -> list[dict[str, Any]]:
    """Return each with its layer, the number of its frames and the first of them, the most frequent first.

    HTTP/2 on a port of its own and NATS, which tshark does not recognise, are read all the same, and so is what its
    first words name.
    """
    http2 = [o.stream for o in facts[openings] if o.client and spoken(o.client[0].data) == "HTTP/2"]
    nats = [o.stream for o in facts[openings] if o.server and spoken(o.server[0].data) == "NATS"]
    named = [each.stream for each in facts[unusual_ports] if each.layer in DIALECTS]
    streams = [*http2, *nats, *named, *facts[hidden_http], *facts[hidden]]
    read = facts[segments].filter(pl.col("stream").is_in(streams))["frame"]
    frames = facts.frames(FRAME, PROTOCOLS).filter(~pl.col(FRAME.field).is_in(read.implode()))
    texts = frames[PROTOCOLS.field].drop_nulls().unique()
    layers = {text: layer for text in texts if (layer := _above(text)) and layer not in (*_READ, *_READ_ELSEWHERE)}
    return (
        frames.filter(pl.col(PROTOCOLS.field).is_in(list(layers)))
        .with_columns(pl.col(PROTOCOLS.field).replace_strict(layers, return_dtype=pl.String).alias("layer"))
        .group_by("layer")
        .agg(pl.len().alias("frames"), pl.col(FRAME.field).sort().head(_SHOWN).alias("shown"))
        .sort(["frames", "layer"], descending=[True, False])
        .to_dicts()
    )


def _above(protocols: str) -> str:
    """Return the protocol that a frame carries over TCP or UDP, or else the one that says what it is."""
    own = re.sub(r":icmp(v6)?:.*$", r":icmp\1", protocols)
    over = re.fullmatch(r".*:(?:tcp|udp)(?::mptcp)?:([^:]+(?::.*)?)", own)
    inside = over[1].split(":") if over else []
    layer = next((name for name in inside if name in NAMES), inside[0]) if inside else innermost(own)
    if layer in ("data", FRAGMENTS) and not inside:  # fragments, or bytes that say nothing of what they are
        return ""
    return "" if layer.startswith("_") or own.endswith((":tcp", ":udp", ":mptcp")) else layer


@rule("Protocols that no rule reads", unread, subject="protocols that no rule reads", area="the capture itself")
def capture_unread(facts: Facts, *, min_frames: int = 2) -> Iterator[Finding]:
    """Protocols of which no rule can tell a success from a refusal; over TCP, their delivery is judged all the same.

    From `min_frames` frames on; what Wireshark itself cannot read is "an unknown protocol". For information alone.
    """
    rows = [row for row in facts[unread] if row["frames"] >= min_frames]
    if not rows:
        return
    every = [plain(row["layer"]) for row in rows]
    names = list(dict.fromkeys(every))
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    frames = sorted(frame for row in rows for frame in row["shown"])
    layers = " || ".join(row["layer"] for row in rows[:_SHOWN])
    total = sum(row["frames"] for row in rows)
    yield Finding(
        id=f"capture_unread:{frames[0]}",
        rule="capture_unread",
        severity=Severity.INFO,
        confidence=Confidence.CERTAIN,
        side=Side.NOBODY,
        title=f"What is said in {listing([*names[:_NAMED], *more])} ({count(total, 'frame')}) is not judged here.",
        act="Nobody has to act; whoever knows the protocol should read what the two sides said.",
        measured={"frames": total},
        evidence=Evidence.of(
            frames, layers,
            [Step(frames=tuple(row["shown"]), text=f"{name}: {count(row['frames'], 'frame')}")
             for row, name in list(zip(rows, every, strict=True))[:_NAMED]],
        ),
        advice=("Read the answers with: explainer show CAPTURE --frame N, or follow the TCP stream in Wireshark.",),
        limitations=("whether one side refused what the other asked for",),
    )  # fmt: skip
