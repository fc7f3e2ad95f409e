"""DHCP for IPv4: who asks for an address, and what the servers say (RFC 2131, RFC 2132)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, TIME

MESSAGE_TYPE = Column("dhcp.option.dhcp", Kind.INT)
CLIENT_MAC = Column("dhcp.hw.mac_addr")
REQUESTED_ADDRESS = Column("dhcp.option.requested_ip_address")
SERVER = Column("dhcp.option.dhcp_server_id")
GIVEN_ADDRESS = Column("dhcp.ip.your")

_COLUMNS = (FRAME, TIME, MESSAGE_TYPE, CLIENT_MAC, REQUESTED_ADDRESS, SERVER, GIVEN_ADDRESS)
NO_ADDRESS = "0.0.0.0"
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = range(1, 7)  # RFC 2132, section 9.6


class Lease(NamedTuple):
    """All DHCP messages about one client (by its MAC): frames of each type, and what they name.

    The times are nanoseconds since 1970; `servers` are those that offered or acknowledged, `refusing` those that said
    NAK, `requested` the addresses that the client asked for, `given` those that were acknowledged, `offered` those that
    were offered, `declined` those that it gave back because somebody else has them. `unheard` are its discovers and
    requests after the last word of a server, since `unheard_ns`.
    """

    mac: str
    discovers: tuple[int, ...]
    offers: tuple[int, ...]
    requests: tuple[int, ...]
    declines: tuple[int, ...]
    acks: tuple[int, ...]
    naks: tuple[int, ...]
    servers: tuple[str, ...]
    refusing: tuple[str, ...]
    requested: tuple[str, ...]
    given: tuple[str, ...]
    offered: tuple[str, ...]
    declined: tuple[str, ...]
    unheard: tuple[int, ...]
    unheard_ns: int | None
    first_ns: int
    last_ns: int


@fact("DHCP messages", *_COLUMNS)
def leases(facts: Facts) -> tuple[Lease, ...]:
    """Return the messages by client, in the order of their first frame."""
    kind, frame = pl.col(MESSAGE_TYPE.field), pl.col(FRAME.field)
    table = facts.frames_with((MESSAGE_TYPE,), *_COLUMNS).drop_nulls([CLIENT_MAC.field, TIME.field])

    def names(column: Column, *kinds: int) -> "pl.Expr":
        # The answer to a client that asks for settings alone (INFORM) gives no address: RFC 2131, section 4.3.5.
        told = kind.is_in(kinds) & (pl.col(column.field) != NO_ADDRESS)
        return pl.col(column.field).filter(told).drop_nulls().unique(maintain_order=True)

    late = frame > frame.filter(kind.is_in((OFFER, ACK, NAK))).max()
    late &= kind.is_in((DISCOVER, REQUEST))
    grouped = table.sort(FRAME.field).group_by(CLIENT_MAC.field, maintain_order=True).agg(
        *(
            frame.filter(kind == number).alias(name)
            for name, number in (
                ("discovers", DISCOVER), ("offers", OFFER), ("requests", REQUEST), ("declines", DECLINE), ("acks", ACK),
                ("naks", NAK),
            )
        ),
        names(SERVER, OFFER, ACK).alias("servers"), names(SERVER, NAK).alias("refusing"),
        names(REQUESTED_ADDRESS, REQUEST).alias("requested"), names(GIVEN_ADDRESS, ACK).alias("given"),
        names(GIVEN_ADDRESS, OFFER).alias("offered"),
        names(REQUESTED_ADDRESS, DECLINE).alias("declined"),
        frame.filter(late).alias("unheard"), pl.col(TIME.field).filter(late).min().alias("unheard_ns"),
        pl.col(TIME.field).min().alias("first_ns"), pl.col(TIME.field).max().alias("last_ns"),
    )  # fmt: skip
    return tuple(
        Lease(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})  # type: ignore[arg-type]  # the columns are named after the fields
        for row in grouped.rename({CLIENT_MAC.field: "mac"}).iter_rows(named=True)
    )
