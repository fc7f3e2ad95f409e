"""What TCP and UDP carry in a capture: connections as a whole; datagrams alone, but for those that need each other."""

from collections.abc import Callable, Iterator, Mapping

from explainer.redaction import applications, dns, dtls, quic
from explainer.redaction.frame import Frame, Payload
from explainer.redaction.sessions import Secrets, Session, session
from explainer.redaction.stand_ins import StandIns
from explainer.redaction.streams import Direction, Run, directions, put_back
from explainer.redaction.tls import Records
from explainer.redaction.tls_messages import CLIENT_HELLO, SERVER_HELLO, Messages, Reissue

_HELLOS = (CLIENT_HELLO, SERVER_HELLO)
_DNS, _DHCP = (53, 5353, 5355), (67, 68)


class Carried:
    """What the frames of one capture carry; `opened` are the client randoms of the sessions that secrets opened."""

    def __init__(self, frames: Mapping[int, Frame], stand_ins: StandIns, secrets: Secrets) -> None:
        self._frames, self._stand_ins, self._secrets = frames, stand_ins, secrets
        payloads = [payload for frame in frames.values() for payload in frame.payloads]
        self._flows = directions((p for p in payloads if p.tcp), frames)
        self._datagrams = [p for p in payloads if not p.tcp]
        self.opened = set[bytes]()
        self._sessions = dict(self._agreed()) if secrets else {}

    def presented(self) -> list[bytes]:
        """Return every certificate that is presented: an issuer is looked for among all of them."""
        found = list[bytes]()

        def note(der: bytes) -> bytes:
            found.append(der)
            return der

        for _ in (*self._streams(note), *self._single(note)):
            pass
        return found

    def rewrite(self, reissue: Reissue) -> None:
        """Put into the frames what their payloads become."""
        for run, made in self._streams(reissue):
            put_back(run, made, self._frames)
        for payload, made in self._single(reissue):
            self._frames[payload.frame].out[payload.start : payload.end] = made

    def _streams(self, reissue: Reissue) -> Iterator[tuple[Run, bytes]]:
        for place, flow in enumerate(self._flows):
            yield from self._rewritten(flow, self._records(flow, Messages(self._stand_ins, reissue), place))

    def _rewritten(self, flow: Direction, records: Records) -> Iterator[tuple[Run, bytes]]:
        ports = {flow.source[1], flow.destination[1]}
        for run in flow.runs:
            yield run, applications.stream(run.data, ports, records, self._stand_ins, fresh=not run.after_gap)

    def _records(self, flow: Direction, messages: Messages, place: int) -> Records:
        """Return what rewrites the records of a flow, with what opens them where their secrets are known."""
        found = self._sessions.get(place)
        protection = self._secrets.protection(found[0], client=found[1]) if found else None
        if found is None or protection is None:
            return Records(messages)
        self.opened.add(found[0].client_random)
        return Records(messages, protection, self._inner(flow, messages))

    def _inner(self, flow: Direction, messages: Messages) -> Callable[[bytes], bytes]:
        """Return what application data becomes that secrets opened, part after part."""
        ports, parts, inner = {flow.source[1], flow.destination[1]}, list[int](), Records(messages)

        def made(data: bytes) -> bytes:
            parts.append(len(data))
            return applications.stream(data, ports, inner, self._stand_ins, fresh=len(parts) == 1)

        return made

    def _agreed(self) -> Iterator[tuple[int, tuple[Session, bool]]]:
        """Yield, by the place of a flow, its session, and whether the flow is the client's."""
        said = [self._hellos(flow) for flow in self._flows]
        answering = dict[object, list[int]]()
        for place, flow in enumerate(self._flows):
            if said[place][SERVER_HELLO]:
                answering.setdefault((flow.destination, flow.source), []).append(place)
        for place, flow in enumerate(self._flows):
            if not (asked := said[place][CLIENT_HELLO]):
                continue
            first, _ = self._frames_of(place)  # a port may be used again
            later = [
                own for own in answering.get((flow.source, flow.destination), ()) if self._frames_of(own)[1] > first
            ]
            answer = min(later, key=self._frames_of, default=place)
            if answer != place and (found := session(asked[0], said[answer][SERVER_HELLO][-1])):
                yield place, (found, True)
                yield answer, (found, False)

    def _hellos(self, flow: Direction) -> dict[int, list[bytes]]:
        """Return the hellos that one side says in clear, by type."""
        records = Records(Messages(self._stand_ins, lambda der: der))
        for _ in self._rewritten(flow, records):
            pass
        return {wanted: [body for kind, body in records.hellos if kind == wanted] for wanted in _HELLOS}

    def _frames_of(self, place: int) -> tuple[int, int]:
        """Return a flow's first and last frame."""
        frames = [payload.frame for run in self._flows[place].runs for _, payload in run.parts]
        return min(frames), max(frames)

    def _single(self, reissue: Reissue) -> Iterator[tuple[Payload, bytes]]:
        """Yield what each datagram becomes; of DTLS by direction, of QUIC by both ends: they depend on each other."""
        messages = Messages(self._stand_ins, reissue)
        records, packets = dict[object, list[tuple[Payload, dtls.Datagram]]](), dict[object, list[Payload]]()
        for payload in self._datagrams:
            held = self._held(payload)
            if dtls.is_record(held):
                both = records.setdefault((payload.source, payload.destination), [])
                both.append((payload, dtls.Datagram(held, bytearray(len(held)))))
            elif _is_quic(payload, held, packets):
                packets.setdefault(_ends(payload), []).append(payload)
            else:
                yield payload, self._datagram(held, payload)
        for flow in records.values():
            dtls.rewrite([datagram for _, datagram in flow], messages)
            yield from ((payload, bytes(datagram.out)) for payload, datagram in flow)
        for payloads in packets.values():
            made = [quic.Datagram(held, bytearray(len(held))) for held in map(self._held, payloads)]
            self.opened |= quic.rewrite(made, messages, self._secrets)
            yield from ((payload, bytes(one.out[: len(one.data)])) for payload, one in zip(payloads, made, strict=True))

    def _held(self, payload: Payload) -> bytes:
        return self._frames[payload.frame].data[payload.start : payload.end]

    def _datagram(self, data: bytes, payload: Payload) -> bytes:
        ports = {payload.source[1], payload.destination[1]}
        if ports.intersection(_DNS):
            return dns.message(data, self._stand_ins)
        if ports.intersection(_DHCP) and dns.is_dhcp(data):
            return dns.dhcp(data, self._stand_ins)
        return applications.datagram(data, ports, self._stand_ins)


def _ends(payload: Payload) -> frozenset[tuple[bytes, int]]:
    return frozenset((payload.source, payload.destination))


def _is_quic(payload: Payload, held: bytes, known: Mapping[object, object]) -> bool:
    """Return whether a datagram is one of QUIC: by its first bytes, or between ends that speak it."""
    ports = {payload.source[1], payload.destination[1]}
    if ports.intersection((*_DNS, *_DHCP)) or applications.is_known(ports):
        return False
    return quic.is_long(held) or _ends(payload) in known
