"""ICMP errors with the packet that each quotes, whatever its transport (RFC 792, RFC 4443)."""

from typing import Any, NamedTuple

from explainer.facts import Column, Facts, fact
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.icmp import messages
from explainer.protocols.ip import (
    IPV4_DESTINATION,
    IPV4_ID,
    IPV4_SOURCE,
    IPV6_DESTINATION,
    IPV6_SOURCE,
)

GATEWAY = Column("icmp.redir_gw")

UNREACHABLE, TOO_BIG, TIME_EXCEEDED, REDIRECT = "unreachable", "too big", "time exceeded", "redirect"
_KINDS = {
    (4, 3): UNREACHABLE, (4, 5): REDIRECT, (4, 11): TIME_EXCEEDED,
    (6, 1): UNREACHABLE, (6, 2): TOO_BIG, (6, 3): TIME_EXCEEDED,
}  # fmt: skip
_FRAGMENTATION_NEEDED = (4, 3, 4)
_QUOTED = (
    IPV4_SOURCE, IPV4_DESTINATION, IPV4_ID, IPV6_SOURCE, IPV6_DESTINATION, tcp.SOURCE_PORT, tcp.DESTINATION_PORT,
    udp.SOURCE_PORT, udp.DESTINATION_PORT,
)  # fmt: skip


class Error(NamedTuple):
    """One ICMP error: who says what, and of which packet.

    `kind` is "unreachable", "too big" (with the mtu in bytes, where one is named), "time exceeded" or "redirect" (with
    the gateway); `transport` is "tcp", "udp" or empty, and then without ports; `ip_id` belongs to the quoted packet
    (IPv4).
    """

    frame: int
    time_ns: int
    reporter: str
    told: str
    kind: str
    version: int
    code: int
    mtu: int | None
    gateway: str | None
    transport: str
    source: str
    destination: str
    source_port: int | None
    destination_port: int | None
    ip_id: int | None


@fact("ICMP errors", messages, FRAME, PROTOCOLS, GATEWAY, *_QUOTED)
def errors(facts: Facts) -> tuple[Error, ...]:
    """Return the errors in file order; those that are too short to name the quoted packet's addresses are left out."""
    kinds = pl.DataFrame(
        [(*key, kind) for key, kind in _KINDS.items()], schema=["version", "type", "kind"], orient="row"
    ).with_columns(pl.col("version").cast(pl.Int32), pl.col("type").cast(pl.Int64))
    said = facts[messages].with_columns(pl.col("version").cast(pl.Int32), pl.col("type").cast(pl.Int64))
    said = said.join(kinds, on=["version", "type"], how="inner")
    columns = facts.frames(FRAME, PROTOCOLS, GATEWAY, *_QUOTED)
    rows = said.join(columns, left_on="frame", right_on=FRAME.field, how="left").sort("frame")
    found = (_error(row) for row in rows.iter_rows(named=True))
    return tuple(error for error in found if error is not None)


def _error(row: dict[str, Any]) -> Error | None:
    v4 = row["version"] == 4
    quoted = (row[PROTOCOLS.field] or "").rpartition(":icmp" if v4 else ":icmpv6")[2].split(":")
    transport = next((name for name in ("tcp", "udp") if name in quoted), "")
    source, destination = (IPV4_SOURCE, IPV4_DESTINATION) if v4 else (IPV6_SOURCE, IPV6_DESTINATION)
    addresses = [_last(row, column, at_least=2) for column in (source, destination)]
    code = row["code"]
    if None in addresses or code is None:
        return None
    module = {"tcp": tcp, "udp": udp}.get(transport)
    ports = [_last(row, c) for c in (module.SOURCE_PORT, module.DESTINATION_PORT)] if module else [None, None]
    too_big = (row["version"], row["type"], code) == _FRAGMENTATION_NEEDED
    return Error(
        row["frame"], row["time"], row["src"], row["dst"], TOO_BIG if too_big else row["kind"], row["version"], code,
        row["mtu"], row[GATEWAY.field], transport if None not in ports else "", addresses[0], addresses[1], ports[0],
        ports[1], _last(row, IPV4_ID, at_least=2),
    )  # fmt: skip


def _last(row: dict[str, Any], column: Column, at_least: int = 1) -> Any:
    """Return the field's last occurrence, which is the quoted packet's where the frame's own has one before it."""
    values = row[column.field] or []
    return values[-1] if len(values) >= at_least else None
