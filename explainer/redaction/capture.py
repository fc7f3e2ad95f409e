"""A whole capture redacted: headers frame by frame, what TCP carries as a whole, datagrams one by one."""

from collections.abc import Iterable

from explainer.pcapng import Link, Packet, Section
from explainer.privacy.originals import Kind, Original
from explainer.redaction import applications, checksums, dns, dtls, quic, tls
from explainer.redaction.certificates import Authority
from explainer.redaction.frame import Frame, Payload
from explainer.redaction.frames import rewritten
from explainer.redaction.stand_ins import StandIns
from explainer.redaction.streams import Direction, directions, put_back
from explainer.redaction.tls import Records

_DNS, _DHCP = (53, 5353, 5355), (67, 68)
_FLAGS = 2


def redacted(section: Section, stand_ins: StandIns) -> Section:
    """Return the capture with stand-ins for what tells about people, without comments and secrets."""
    links = [link.link_type for link in section.links]
    frames = {
        number: rewritten(number, packet.data, links[packet.link] if packet.link < len(links) else -1, stand_ins)
        for number, packet in enumerate(section.packets)
    }
    payloads = [payload for frame in frames.values() for payload in frame.payloads]
    flows = directions((p for p in payloads if p.tcp), frames)
    datagrams = [p for p in payloads if not p.tcp]
    authority = Authority(_presented(flows, datagrams, frames, stand_ins), stand_ins)
    for flow in flows:
        _stream(flow, frames, stand_ins, authority)
    for payload, made in _datagrams(datagrams, frames, stand_ins, authority):
        frames[payload.frame].out[payload.start : payload.end] = made
    for frame in frames.values():
        checksums.mend(frame.data, frame.out, frame.sums)
    return Section(
        tuple(_link(link, stand_ins) for link in section.links),
        tuple(_packet(packet, frames[number]) for number, packet in enumerate(section.packets)),
    )


def _link(link: Link, stand_ins: StandIns) -> Link:
    name = stand_ins.text(Original(Kind.NAME, link.name)) if link.name else ""
    return Link(link.link_type, link.snap_length, name, link.clock)


def _packet(packet: Packet, frame: Frame) -> Packet:
    flags = tuple((code, value) for code, value in packet.options if code == _FLAGS)
    return Packet(packet.link, packet.time, bytes(frame.out), packet.length, flags)


def _presented(
    flows: Iterable[Direction], datagrams: Iterable[Payload], frames: dict[int, Frame], stand_ins: StandIns
) -> list[bytes]:
    """Return every certificate that is presented: an issuer is looked for among all of them."""
    found = list[bytes]()

    def note(der: bytes) -> bytes:
        found.append(der)
        return der

    noting = _Noting(note)
    for flow in flows:
        _stream(flow, {}, stand_ins, noting)
    _datagrams(datagrams, frames, stand_ins, noting)
    return found


class _Noting:
    """Reissues nothing, and notes what it is asked for."""

    def __init__(self, reissue: tls.Reissue) -> None:
        self.reissue = reissue


def _stream(flow: Direction, frames: dict[int, Frame], stand_ins: StandIns, authority: Authority | _Noting) -> None:
    records = Records(stand_ins, authority.reissue)
    ports = {flow.source[1], flow.destination[1]}
    for run in flow.runs:
        made = applications.stream(run.data, ports, records, stand_ins, fresh=not run.after_gap)
        if frames:
            put_back(run, made, frames)


def _datagrams(
    payloads: Iterable[Payload], frames: dict[int, Frame], stand_ins: StandIns, authority: Authority | _Noting
) -> list[tuple[Payload, bytes]]:
    """Return what each datagram becomes; those of DTLS by direction, as its messages may be spread over several."""
    made, flows = list[tuple[Payload, bytes]](), dict[object, list[tuple[Payload, dtls.Datagram]]]()
    for payload in payloads:
        held = frames[payload.frame].data[payload.start : payload.end]
        if dtls.is_record(held):
            both = flows.setdefault((payload.source, payload.destination), [])
            both.append((payload, dtls.Datagram(held, bytearray(len(held)))))
        else:
            made.append((payload, _datagram(held, payload, stand_ins)))
    for flow in flows.values():
        dtls.rewrite([datagram for _, datagram in flow], Records(stand_ins, authority.reissue))
        made += [(payload, bytes(datagram.out)) for payload, datagram in flow]
    return made


def _datagram(data: bytes, payload: Payload, stand_ins: StandIns) -> bytes:
    ports = {payload.source[1], payload.destination[1]}
    if ports.intersection(_DNS):
        return dns.message(data, stand_ins)
    if ports.intersection(_DHCP) and dns.is_dhcp(data):
        return dns.dhcp(data, stand_ins)
    if quic.is_long(data) and not applications.of_ports(ports):
        out = bytearray(len(data))
        quic.rewrite(data, out, stand_ins.noise)
        return bytes(out[: len(data)])
    return applications.datagram(data, ports, stand_ins)
