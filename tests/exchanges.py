"""HTTP exchanges with sensible defaults, and what a rule finds among them."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from factories import CLIENT, SERVER, KnownFacts, connection, findings_of, first_frame, start_ns

from explainer.frame_table import FrameTable
from explainer.model import Finding
from explainer.protocols import (
    arp,
    capture_quality,
    dns,
    http,
    openings,
    proxy_header,
    tcp,
    tcp_analysis,
    tcp_resets,
    web_cookies,
)
from explainer.protocols.applications import Reply, replies
from explainer.protocols.arp import Resolution
from explainer.protocols.capture_quality import Copies
from explainer.protocols.dns import Lookup
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection, Endpoint
from explainer.protocols.tcp_analysis import Health
from explainer.protocols.tls import outcome


def exchange(stream: int = 0, **overrides: Any) -> Exchange:
    """Return a page that the server acknowledges after half a millisecond and answers with 200 after one, whole."""
    frame, start = first_frame(stream) + 3, start_ns(stream)
    values: dict[str, Any] = {
        "stream": stream, "client": Endpoint(CLIENT, 40000 + stream), "server": Endpoint(SERVER, 80),
        "version": "HTTP/1.1", "method": "GET", "host": "www.example.org", "path": "/page", "request_frame": frame,
        "request_ns": start, "acknowledged_frame": frame + 1, "acknowledged_ns": start + 500_000,
        "first_byte_frame": frame + 2, "first_byte_ns": start + 1_000_000, "response_frame": frame + 2,
        "response_ns": start + 1_000_000, "response_bytes": 700, "status": 200, "reason": "OK", "content_length": 500,
    }  # fmt: skip
    return Exchange(**values | overrides)


def unfinished(stream: int = 0, **overrides: Any) -> Exchange:
    """Return a page of which 600 bytes came before the server closed."""
    values: dict[str, Any] = {
        "response_frame": None, "response_ns": None, "response_bytes": 600, "status": None, "reason": "",
        "content_length": None, "closed_frame": first_frame(stream) + 8,
    }  # fmt: skip
    return exchange(stream, **values | overrides)


def late(ms: int, **overrides: Any) -> Exchange:
    """Return a page whose answer begins after so many milliseconds."""
    return exchange(**{"first_byte_ns": start_ns(0) + ms * 1_000_000} | overrides)


def health(stream: int = 0, **overrides: Any) -> Health:
    """Return the analysis of a connection in which nothing is odd."""
    counts = dict.fromkeys(
        (
            "retransmissions", "fast_retransmissions", "spurious_retransmissions", "duplicate_acks", "out_of_order",
            "zero_windows", "windows_full", "keep_alives", "lost_segments", "client_resets", "server_resets",
        ),
        0,
    )  # fmt: skip
    unknown = dict.fromkeys(
        (
            "completeness", "closed_by", "closed_with", "bytes_in_flight_max", "client_mss", "server_mss",
            "client_window_scale", "server_window_scale", "first_byte_ms",
        )
    )  # fmt: skip
    values: dict[str, Any] = {"stream": stream, "segments": 10} | counts | unknown | overrides
    return Health(**values)


def found(
    rule: str,
    *exchanges: Exchange,
    below: Iterable[Connection] | None = None,
    healths: Iterable[Health] | None = None,
    captured: int = 60,
    lookups: Iterable[Lookup] = (),
    searches: Iterable[Resolution] = (),
    answers: Iterable[Reply] = (),
) -> list[Finding]:
    """Return what the rule finds; `captured` is how many bytes of 60 each frame was stored with."""
    streams = sorted({e.stream for e in exchanges})
    known = KnownFacts(
        {
            http.requests: tuple(sorted(exchanges, key=lambda e: e.first_frame)),
            tcp.connections: tuple(map(connection, streams) if below is None else below),
            tcp_analysis.health: tuple(map(health, streams) if healths is None else healths),
            tcp_resets.resets: (),
            capture_quality.copies: Copies(pl.DataFrame(), 0),
            web_cookies.lost_cookies: (),
            openings.openings: (),
            proxy_header.proxy_headers: (),
            outcome.tcp_endings: (),
            dns.lookups: tuple(lookups),
            arp.resolutions: tuple(searches),
            replies: tuple(answers),
        }
    )
    known._frames = FrameTable.of(pl.DataFrame({"frame.len": [60], "frame.cap_len": [captured]}))
    return findings_of(rule, known)
