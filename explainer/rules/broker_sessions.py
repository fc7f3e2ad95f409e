"""Sessions that a message broker ends: another client takes the identifier, or the client keeps silent."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.rows import up_to
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.rules.tcp_case import ended_by_server, scope
from explainer.wording import count

_SHOWN = 20
_PROMISES = {"mqtt-keep-alive": ("keep-alive", "PINGREQ"), "amqp-heartbeat": ("heartbeat", "heartbeats")}
_ENDED_BY_BROKER = ("why the broker ended the connection: its own log tells",)


class _TakeOver(NamedTuple):
    """The connection that ends, the CONNECT of who takes it over, and the frame in which the broker ends it."""

    old: Connection
    by: Sign
    end: int


@rule("MQTT client identifier used twice", signs, connections, segments, subject=SUBJECT_OF_SIGNS, area=AREA)
def broker_taken_over(facts: Facts, *, max_wait_s: float = 1.0, min_times: int = 2) -> Iterator[Finding]:
    """A CONNECT with a client identifier that is in use: the broker ends the older connection (3.1.1, MQTT-3.1.4-2).

    It does so at once: within `max_wait_s` (brokers in a cluster take some hundred milliseconds). From `min_times` on
    two clients fight for it, and that is high; once it may be a client that comes back: medium where the old one was
    still alive (it answers the end with its own), else for information.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    users = defaultdict[tuple[object, str], list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == "mqtt-client" and sign.stream in by_stream:
            users[sign.server, sign.text].append(sign)
    for (_, name), each in users.items():
        pairs = [(by_stream[a.stream], b) for a, b in pairwise(each) if a.stream is not None and a.stream != b.stream]
        ends = [(c, b, end) for c, b in pairs if (end := ended_by_server(c)) is not None and end > b.frame]
        times = _times(facts, [frame for _, b, end in ends for frame in (b.frame, end)])
        found = [_TakeOver(*e) for e in ends if times[e[2]] - times[e[1].frame] <= max_wait_s * 1e9]
        if found:
            yield _taken_over(name, found, often=len(found) >= min_times)


def _times(facts: Facts, frames: Sequence[int]) -> dict[int, int]:
    table = facts[segments].filter(pl.col("frame").is_in(list(frames))).select("frame", "time")
    return dict(table.iter_rows())


def _taken_over(name: str, found: Sequence[_TakeOver], *, often: bool) -> Finding:
    first = found[0]
    broker, old, new = first.old.server, first.old.client.address, first.by.client.address
    alive = any(c.client_ends for c in (take.old for take in found))
    whose = f"by {old} and {new}" if old != new else f"on more than one connection of {old}"
    title = (
        f"The message broker {broker.address} (MQTT) ended the connection of {old}: {new} connected with the same"
        f' client identifier, "{name}".'
    )
    if often:
        title = (
            f'The MQTT client identifier "{name}" is used twice, {whose}: each time one connects, the message broker'
            f" {broker.address} ends the connection of the other ({count(len(found), 'time')})."
        )
    steps = [
        Step(frames=(first.by.frame,), text=f'{first.by.client} sends CONNECT with the client identifier "{name}"'),
        Step(frames=(first.end,), text=f"the broker ends the older connection with that identifier, of {old}"),
        *([Step(frames=tuple(take.end for take in found[1:_SHOWN]), text=f"the same"
          f" {count(len(found) - 1, 'more time')}")] if often else []),
    ]  # fmt: skip
    streams = [stream for take in found for stream in (take.old.stream, take.by.stream) if stream is not None]
    return Finding(
        id=f"broker_taken_over:{first.end}",
        rule="broker_taken_over",
        severity=Severity.HIGH if often else Severity.MEDIUM if alive else Severity.INFO,
        confidence=Confidence.CERTAIN if often else Confidence.PROBABLE,
        side=Side.CLIENT,
        title=title,
        act=f'The clients\' side must act: each client needs an identifier of its own, and "{name}" is used by two.'
        if often or alive
        else "Nobody has to act if it is one client that came back.",
        measured={"times": len(found)},
        evidence=Evidence.of(
            [frame for take in found for frame in (take.by.frame, take.end)], connection_filter(broker, streams), steps
        ),
        scope=scope(streams, first.old.client, broker, first.by.client),
        advice=("Look for copies of a configuration, a program that runs twice, or a client that connects again without"
                " closing its old connection.",),
        limitations=_ENDED_BY_BROKER,
    )  # fmt: skip


class _Silence(NamedTuple):
    """A connection that ends after its client kept silent: the last that it said, and the end."""

    connection: Connection
    promised: Sign
    last: int
    end: int
    seconds: float


@rule("Broker's keep-alive missed", signs, connections, segments, subject=SUBJECT_OF_SIGNS, area=AREA)
def broker_keep_alive_missed(facts: Facts, *, times_late: float = 1.4) -> Iterator[Finding]:
    """A broker that ends a connection whose client said nothing for 1.5 times its keep-alive (3.1.1, MQTT-3.1.2-24).

    AMQP's heartbeat likewise, after two of them (0-9-1 section 4.2.7). From `times_late` times on, since the broker
    counts from when it read the message, and its clock is coarse. Silent where the capture lacks segments.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    groups = defaultdict[tuple[object, ...], list[_Silence]](list)
    promised = [s for s in facts[signs] if s.what in _PROMISES and s.stream in by_stream and int(s.text) > 0]
    lasted = (by_stream[s.stream] for s in promised if s.stream is not None)
    ends = {c.stream: end for c in lasted if (end := ended_by_server(c)) is not None and not c.lost_segments}
    known = up_to(facts[segments], ends)
    for sign in promised:
        if sign.stream in known:
            silence = _silence(known[sign.stream], by_stream[sign.stream], sign, ends[sign.stream])
            if silence and silence.seconds >= times_late * int(sign.text):
                groups[sign.client.address, sign.server, sign.text].append(silence)
    names = {sign.stream: sign.text for sign in facts[signs] if sign.what == "mqtt-client"}
    for group in groups.values():
        yield _kept_silent(group, names.get(group[0].connection.stream, ""))


def _silence(own: "pl.DataFrame", c: Connection, promised: Sign, end: int) -> _Silence | None:
    said = own.filter(pl.col("from_client") & (pl.col("payload") > 0))
    if said.is_empty():
        return None
    last, since = said.select("frame", "time").row(-1)
    until = own.filter(pl.col("frame") == end)["time"].item()
    return _Silence(c, promised, last, end, (until - since) / 1e9)


def _kept_silent(group: Sequence[_Silence], name: str) -> Finding:
    first = group[0]
    c, promised = first.connection, first.promised
    client, broker = c.client.address, c.server
    who = f'{client} (client identifier "{name}")' if name else client
    called, sends = _PROMISES[promised.what]
    return Finding(
        id=f"broker_keep_alive_missed:{first.end}",
        rule="broker_keep_alive_missed",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.CLIENT,
        title=f"The message broker {broker.address} ({promised.protocol}) ends the connection of {who}: the client said"
        f" nothing for {first.seconds:.1f} s, though it had promised to speak every {promised.text} s ({called}).",
        act=f"The client's side must act: the program on {client} must send {sends} in time, or set a longer {called}"
        ".",
        measured={"silent_s": round(first.seconds, 3), "keep_alive_s": int(promised.text), "connections": len(group)},
        evidence=Evidence.of(
            [frame for each in group for frame in (each.promised.frame, each.last, each.end)],
            connection_filter(broker, (each.connection.stream for each in group)),
            [
                Step(frames=(promised.frame,), text=f"the client promises a {called} every {promised.text} s"),
                Step(frames=(first.last,), text="the last that it says"),
                Step(frames=(first.end,), text=f"after {first.seconds:.1f} s without a word the broker ends the"
                     " connection"),
                *([Step(frames=tuple(each.end for each in group[1:_SHOWN]), text=f"the same"
                  f" {count(len(group) - 1, 'more time')}")] if len(group) > 1 else []),
            ],
        ),
        scope=scope((each.connection.stream for each in group), c.client, broker),
        advice=("See whether the program hangs, sleeps, or does not serve its library (its event loop) while it works.",
                "Recorded at the broker, it may also be the network that lost what the client sent: record at the"
                " client, too."),
        limitations=("why the client kept silent",),
    )  # fmt: skip
