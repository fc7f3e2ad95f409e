"""A whole capture redacted: headers frame by frame, what TCP carries as a whole, datagrams one by one."""

from explainer.pcapng import Link, Packet, Section
from explainer.privacy.kinds import Kind, Original
from explainer.redaction import checksums
from explainer.redaction.carried import Carried
from explainer.redaction.certificates import Authority
from explainer.redaction.frame import Frame
from explainer.redaction.frames import rewritten
from explainer.redaction.sessions import Secrets, key_log
from explainer.redaction.stand_ins import StandIns

_FLAGS = 2


def redacted(section: Section, stand_ins: StandIns, more_secrets: bytes = b"") -> Section:
    """Return the capture with stand-ins for what tells about people, without comments, and with other TLS secrets.

    `more_secrets` is a key log beside those in the capture. What secrets open is rewritten, and protected under their
    stand-ins, which take their place in the capture.
    """
    links = [link.link_type for link in section.links]
    frames = {
        number: rewritten(number, packet.data, links[packet.link] if packet.link < len(links) else -1, stand_ins)
        for number, packet in enumerate(section.packets)
    }
    secrets = Secrets([*map(key_log, section.secrets), more_secrets], stand_ins.noise)
    carried = Carried(frames, stand_ins, secrets)
    carried.rewrite(Authority(carried.presented(), stand_ins).reissue)
    for frame in frames.values():
        checksums.mend(frame.data, frame.out, frame.sums)
    return Section(
        tuple(_link(link, stand_ins) for link in section.links),
        tuple(_packet(packet, frames[number]) for number, packet in enumerate(section.packets)),
        tuple(secrets.block(carried.opened)),
    )


def _link(link: Link, stand_ins: StandIns) -> Link:
    name = stand_ins.text(Original(Kind.NAME, link.name)) if link.name else ""
    return Link(link.link_type, link.snap_length, name, link.clock)


def _packet(packet: Packet, frame: Frame) -> Packet:
    flags = tuple((code, value) for code, value in packet.options if code == _FLAGS)
    return Packet(packet.link, packet.time, bytes(frame.out), packet.length, flags)
