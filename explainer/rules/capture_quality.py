"""What the capture itself can prove: packets recorded twice, one direction, a late start, cut frames, a wrong clock."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.capture_quality import Clock, Coverage, clock, copies, coverage, cut
from explainer.protocols.tcp import connections, segments
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.tcp_case import scope
from explainer.wording import count, moment

_AREA = "the capture itself"
_DAY_S = 86_400
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LARGEST_ETHERNET = 1522  # 1,500 bytes of payload, the header, a VLAN tag and a check sequence
_CIRCLES = 0.85
_WELL_KNOWN = 1024  # RFC 6335: ports of the system, which are servers'
_SHOWN = 20


@rule("Packets recorded twice", connections, copies, subject="TCP connections", area=_AREA)
def capture_duplicates(
    facts: Facts, *, min_share: float = 0.05, min_copies: int = 3, most: float = 0.35
) -> Iterator[Finding]:
    """TCP segments that the capture holds twice: same sender, receiver, IP id and contents, within milliseconds.

    A mirror port that sees a packet enter and leave, a router recorded on both sides, and merged files do that; what
    tshark then marks as retransmission is none. From `min_share` on it is told; from `most` on nearly
    every packet is there twice (half of them are copies).
    """
    found = facts[copies]
    rows = found.frames.to_dicts()
    if len(rows) > _CIRCLES * found.packets:
        return  # each packet many times over: it goes in circles
    if len(rows) < min_copies or len(rows) < min_share * found.packets:
        return
    routed = sum(row["hops"] > 0 for row in rows) > len(rows) / 2
    how = "their TTL one lower" if routed else "the same TTL"
    place = "on both sides of a router" if routed else "twice, as a mirror port does that sees a packet come and go"
    extent = (
        "Most TCP packets are"
        if len(rows) >= most * found.packets
        else f"{len(rows):,} of {found.packets:,} TCP packets are"
    )
    first = rows[0]
    pairs = [frame for row in rows for frame in (row["original"], row["frame"])]
    said = f"frame {first['frame']} is frame {first['original']} again: same IP id, same contents, {how}"
    yield _finding(
        "capture_duplicates",
        Severity.LOW,
        f"{extent} in this capture twice (same IP id, {how}): they were recorded {place}, so what looks like a"
        " retransmission of them is not real.",
        Evidence.of(
            pairs,
            "ip.id > 0",
            [Step(frames=tuple(pairs[:_SHOWN]), text=f"the same packets come again: {said}")],
        ),
        act="Nobody has to act: it is how the capture was taken, not loss.",
        measured={"copies": len(rows), "packets": found.packets},
        advice=(
            "Remove the copies before counting: editcap -D 100 capture.pcapng once.pcapng (same TTL), or keep one side"
            " only (a capture filter on a MAC address).",
        ),
        limits=("at which of the two places a packet may have been lost",),
    )


@rule("One direction only", coverage, subject="TCP connections", area=_AREA)
def capture_one_direction(facts: Facts, *, most: float = 0.9) -> Iterator[Finding]:
    """TCP connections of which one side alone is recorded, and acknowledges data that is not in the capture.

    Where that is so for `most` of the connections that carry data, it is told; of single ones it is only information.
    """
    every = facts[coverage]
    sided = [c for c in every if c.one_sided]
    carrying = [c for c in every if c.payload or c.one_sided]
    for of_client in (True, False):
        group = [c for c in sided if (c.client_frames > 0) is of_client]
        if group:
            yield _one_direction(group, of_client, whole=len(group) >= most * len(carrying))


def _one_direction(group: Sequence[Coverage], of_client: bool, *, whole: bool) -> Finding:
    first = group[0]
    of_which = "in this capture" if whole else f"recorded of {count(len(group), 'connection')}"
    seen, unseen = (first.client, first.server) if of_client else (first.server, first.client)
    # Without a handshake, a high port does not tell which of the two is the server.
    roles = first.starts_with_syn or first.server.port < _WELL_KNOWN
    here, there = ("the client", "the server") if of_client else ("the server", "the client")
    here, there = (here, there) if roles else (seen.address, unseen.address)
    lines = [frame for c in group for frame in c.acknowledged_unseen]
    text = f"{f'{here} ' if roles else ''}{seen} acknowledges data of {unseen} of which no packet is in the capture"
    return _finding(
        "capture_one_direction",
        Severity.LOW if whole else Severity.INFO,
        f"Only the packets from {here} to {there} are {of_which}; {here} acknowledges data, so {there} did answer.",
        Evidence.of(lines, stream_filter(c.stream for c in group), [Step(frames=first.acknowledged_unseen, text=text)]),
        act="Whoever records must act: take the capture where both directions pass.",
        measured={"connections": len(group)},
        advice=(
            f"Record on one of the two hosts: tcpdump -ni any -s 0 -w both.pcap host {first.server.address}",
            "On a switch, mirror both directions of the port; with two routes, record on both.",
        ),
        limits=(f"what {there} sent, and when",),
        about=_ends(group),
        number=first.first_frame,
    )


@rule("Started in the middle", coverage, subject="TCP connections", area=_AREA)
def capture_late_start(facts: Facts) -> Iterator[Finding]:
    """TCP connections whose opening (SYN) is not recorded although they carry data: the capture began later."""
    late = [c for c in facts[coverage] if not c.starts_with_syn and c.payload]
    if late:
        frames = [c.first_frame for c in late]
        were = count(len(late), "connection was", "connections were")
        yield _finding(
            "capture_late_start",
            Severity.INFO,
            f"{were} already open when the capture began: the beginning cannot be seen.",
            Evidence.of(
                frames,
                stream_filter(c.stream for c in late),
                [Step(frames=tuple(frames[:_SHOWN]), text="the first packet of the connection is no SYN")],
            ),
            act="Whoever records must act, if the beginning matters: start before the connection opens.",
            measured={"connections": len(late)},
            advice=("Start the capture first, then the program: tcpdump -ni any -s 0 -w whole.pcap",),
            limits=("the handshake, with its round-trip time, window scale and segment size",),
            about=_ends(late),
        )


@rule("Frames cut short", clock, cut, subject="frames in a row", area=_AREA)
def capture_cut_frames(facts: Facts, *, most: float = 0.3) -> Iterator[Finding]:
    """Frames of which only the beginning was stored (snap length); told where they are `most` of the capture."""
    found = facts[cut]
    if found is None or not found.frames:
        return
    share = len(found.frames) / found.of
    yield _finding(
        "capture_cut_frames",
        Severity.LOW if share >= most else Severity.INFO,
        f"{len(found.frames):,} of {found.of:,} frames are stored only in part (at most {found.stored:,} bytes): what"
        " they carry cannot be read.",
        Evidence.of(
            found.frames,
            "frame.cap_len < frame.len",
            [Step(frames=found.frames[:_SHOWN], text="the frame is longer than what was stored of it")],
        ),
        act="Whoever records must act, if the contents matter: record whole frames.",
        measured={"cut_frames": len(found.frames), "frames": found.of, "stored_bytes": found.stored},
        advice=("Record without a limit: tcpdump -s 0, or dumpcap without -s.",),
        limits=("what stood behind the stored part: names, certificates, answers",),
    )


@rule("Clock of the capture", clock, subject="frames in a row", area=_AREA)
def capture_clock(facts: Facts, *, min_step_s: float = 1.0) -> Iterator[Finding]:
    """Frames that are earlier than the one before by more than `min_step_s`, or of a time that no capture can have.

    Smaller steps back are how files of several interfaces look. Of info severity are times of the first day of 1970:
    simulators, and programs that convert files, count from zero.
    """
    found = facts[clock]
    assert found is not None  # the rule does not apply then
    steps = [(frame, by) for frame, by in found.back if by > min_step_s]
    if steps:
        frame, by = steps[0]
        text = f"it is {by:.1f} s earlier than the frame before it"
        yield _clock(
            "steps",
            f"The times of this capture step back by up to {max(by for _, by in steps):,.1f} s: times measured across"
            " these frames are not to be trusted.",
            Evidence.of((f for f, _ in steps), "frame.time_delta < 0", [Step(frames=(frame,), text=text)]),
        )
    yield from _implausible(found)


def _implausible(found: Clock) -> Iterator[Finding]:
    for number, nanoseconds in ((found.first_frame, found.earliest_ns), (found.latest_frame, found.latest_ns)):
        seconds = nanoseconds / 1e9
        if not _EARLIEST.timestamp() <= seconds < _LATEST.timestamp():
            when, from_zero = moment(datetime.fromtimestamp(seconds, UTC)), 0 <= seconds < _DAY_S
            what = "The times of this capture count from zero, or the recording machine's clock was never set"
            yield _clock(
                f"{number}",
                f"{what if from_zero else 'The clock of the recording machine was wrong'}: a frame is dated {when};"
                " whether a certificate was valid cannot be told.",
                Evidence.of([number], f"frame.number == {number}", [Step(frames=(number,), text=f"dated {when}")]),
                Severity.INFO if from_zero else Severity.LOW,
            )
            return


def _clock(number: str, title: str, evidence: Evidence, severity: Severity = Severity.LOW) -> Finding:
    return _finding(
        "capture_clock",
        severity,
        title,
        evidence,
        act="Whoever records must act: set the clock (NTP), and do not merge files whose clocks differ.",
        measured={"frames": evidence.total},
        advice=("Put the frames in order: reordercap in.pcapng out.pcapng", "Check the recording machine: timedatectl"),
        limits=("the true times",),
        number=number,
    )


@rule("Segments larger than the wire carries", connections, segments, subject="TCP connections", area=_AREA)
def capture_offloading(facts: Facts, *, min_frames: int = 3) -> Iterator[Finding]:
    """TCP segments larger than an Ethernet frame: the network card cuts or joins them (offloading), or jumbo frames."""
    large = facts[segments].filter((facts[segments]["length"] > _LARGEST_ETHERNET) & (facts[segments]["payload"] > 0))
    large = large.filter(~large["src"].str.starts_with("127.") & (large["src"] != "::1"))
    if large.height >= min_frames:
        frames, largest = large["frame"].to_list(), max(large["length"].to_list())
        yield _finding(
            "capture_offloading",
            Severity.INFO,
            f"{large.height:,} segments are larger than an Ethernet frame (up to {largest:,} bytes): the"
            " recording host's network card joins or cuts them, or the network uses jumbo frames.",
            Evidence.of(
                frames,
                f"tcp.len > 0 && frame.len > {_LARGEST_ETHERNET}",
                [Step(frames=tuple(frames[:_SHOWN]), text="a segment that no Ethernet frame of usual size holds")],
            ),
            act="Nobody has to act: this is how packets look before the card sends them, or after it received them.",
            measured={"segments": large.height},
            advice=("To see what crosses the wire: ethtool -K eth0 tso off gso off gro off, or record elsewhere.",),
            limits=("how large the packets on the wire were", "checksums, which the card fills in"),
        )


def _ends(group: Iterable[Coverage]) -> Scope:
    known = list(group)[:100]
    return scope((c.stream for c in known), *(end for c in known for end in (c.server, c.client)))


def _finding(
    rule_id: str,
    severity: Severity,
    title: str,
    evidence: Evidence,
    *,
    limits: tuple[str, ...],
    about: Scope | None = None,
    number: int | str = "",
    **told: Any,
) -> Finding:
    return Finding(
        id=f"{rule_id}:{number or evidence.frames[0]}",
        rule=rule_id,
        severity=severity,
        confidence=Confidence.CERTAIN,
        side=Side.NOBODY,
        title=title,
        evidence=evidence,
        scope=about or Scope(),
        limitations=limits,
        **told,
    )
