"""ARP over Ethernet for IPv4: who asks for which address, and who answers (RFC 826, RFC 5227)."""

from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, TIME

OPERATION = Column("arp.opcode", Kind.INT)
SENDER_MAC = Column("arp.src.hw_mac")
TARGET_MAC = Column("arp.dst.hw_mac")
SENDER_IP = Column("arp.src.proto_ipv4")
TARGET_IP = Column("arp.dst.proto_ipv4")

_COLUMNS = (FRAME, TIME, OPERATION, SENDER_MAC, TARGET_MAC, SENDER_IP, TARGET_IP)
_REQUEST, _REPLY = 1, 2
_NO_ADDRESS = "0.0.0.0"  # what a probe gives as its own (RFC 5227)


class Resolution(NamedTuple):
    """All requests of one asker (a MAC with an IP address) for one address, and the replies to it.

    `reply_macs` are all who claim the address, in order of appearance, `reply_senders` who sent each reply; the times
    are nanoseconds since 1970. `unanswered_frames` are the requests after the last reply, since `unanswered_ns`. A
    probe asks without an address of its own, a gratuitous request or reply is about the sender's own address: nobody
    answers either, unless the address is taken.
    """

    asker_mac: str
    asker: str
    target: str
    request_frames: tuple[int, ...]
    first_ns: int
    last_ns: int
    reply_frames: tuple[int, ...]
    reply_macs: tuple[str, ...]
    first_reply_ns: int | None
    unanswered_frames: tuple[int, ...] = ()
    unanswered_ns: int | None = None
    reply_senders: tuple[str, ...] = ()

    @property
    def first_frame(self) -> int:
        """Return the first frame, which is a reply where the capture holds no request."""
        return min(self.request_frames + self.reply_frames)

    @property
    def probe(self) -> bool:
        """Return whether the asker has no address yet and wants to know whether this one is free."""
        return self.asker == _NO_ADDRESS

    @property
    def gratuitous(self) -> bool:
        """Return whether the sender announces its own address."""
        return self.asker == self.target

    @property
    def answered(self) -> bool:
        """Return whether somebody claimed the address towards the asker."""
        return bool(self.reply_frames)


@fact("ARP requests", *_COLUMNS)
def resolutions(facts: Facts) -> tuple[Resolution, ...]:
    """Return the requests and replies by asker and asked address, in the order of their first frame."""
    table = (
        facts.frames_with((OPERATION,), *_COLUMNS)
        .filter(pl.col(OPERATION.field).is_in([_REQUEST, _REPLY]))
        .drop_nulls()
    )
    # A reply is addressed to who asked; an announcement by reply answers nobody.
    asks = (pl.col(OPERATION.field) == _REQUEST) | (pl.col(SENDER_IP.field) == pl.col(TARGET_IP.field))

    def side(asking: Column, answering: Column) -> "pl.Expr":
        return pl.when(asks).then(asking.field).otherwise(answering.field)

    frame, time = pl.col(FRAME.field), pl.col(TIME.field)
    after_replies = asks & (frame > frame.filter(~asks).max())
    grouped = (
        table.sort(FRAME.field)
        .group_by(
            side(SENDER_MAC, TARGET_MAC).alias("asker_mac"), side(SENDER_IP, TARGET_IP).alias("asker"),
            side(TARGET_IP, SENDER_IP).alias("target"), maintain_order=True,
        )
        .agg(
            frame.filter(asks).alias("request_frames"),
            time.first().alias("first_ns"), time.last().alias("last_ns"),
            frame.filter(~asks).alias("reply_frames"),
            pl.col(SENDER_MAC.field).filter(~asks).unique(maintain_order=True).alias("reply_macs"),
            time.filter(~asks).first().alias("first_reply_ns"),
            frame.filter(after_replies).alias("late"), time.filter(after_replies).first().alias("late_ns"),
            pl.col(SENDER_MAC.field).filter(~asks).alias("senders"),
        )
    )  # fmt: skip
    return tuple(Resolution(*map(_fixed, row)) for row in grouped.iter_rows())


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
