"""What a TCP stream carries, told apart by its first bytes and ports, message after message."""

from explainer.redaction import binary, dns, services, text
from explainer.redaction.stand_ins import StandIns
from explainer.redaction.tls import Records, is_record

_DNS, _SIP = 53, (5060, 5061)
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
_BY_PORT = {**binary.BY_PORT, **services.BY_PORT}


def stream(data: bytes, ports: set[int], records: Records, stand_ins: StandIns, *, fresh: bool) -> bytes:
    """Return one direction's bytes with nothing that tells of anybody; `fresh` where a message begins with them."""
    out, at = bytearray(len(data)), _before_tls(data) if fresh else 0
    out[:at] = data[:at]
    if fresh and not is_record(data, at) and not text.is_http(data, at) and (keep := of_ports(ports)):
        return _kept(data, keep)
    while at < len(data):
        start = at
        if is_record(data, at):
            at = records.stream(data, out, at)
        elif _DNS in ports and len(data) - at > 2:
            size = int.from_bytes(data[at : at + 2], "big")
            out[at : at + 2] = data[at : at + 2]
            out[at + 2 : at + 2 + size] = dns.message(data[at + 2 : at + 2 + size], stand_ins)
            at = min(at + 2 + size, len(data))
        elif text.is_http(data, at):
            at = text.http(data, at, out, stand_ins)
        elif data.startswith(binary.BITTORRENT, at):
            out[at : at + len(binary.BITTORRENT)] = binary.BITTORRENT
            return bytes(out)
        elif (end := text.line_end(data, at)) is not None:
            out[at:end] = text.line(data[at:end], stand_ins)
            at = end
        if at == start:  # nothing that is known
            break
    return bytes(out)


def of_ports(ports: set[int]) -> binary.Keep | None:
    """Return what keeps the numbers of the protocol that is spoken on one of these ports, None where none is known."""
    return next((_BY_PORT[port] for port in sorted(ports) if port in _BY_PORT), None)


def is_known(ports: set[int]) -> bool:
    """Return whether datagrams of one of these ports are those of a protocol that is known."""
    return of_ports(ports) is not None or bool(ports.intersection(_SIP))


def datagram(data: bytes, ports: set[int], stand_ins: StandIns) -> bytes:
    """Return a datagram of an application."""
    out, at = bytearray(len(data)), 0
    if keep := of_ports(ports):
        return _kept(data, keep)
    if ports.intersection(_SIP):
        while (end := text.line_end(data, at)) is not None:
            out[at:end] = text.line(data[at:end], stand_ins)
            at = end
    return bytes(out)


def _kept(data: bytes, keep: binary.Keep) -> bytes:
    """Return what is kept, as long as it was, whatever lengths the data claims."""
    out = bytearray(len(data))
    keep(data, out)
    return bytes(out[: len(data)]).ljust(len(data), b"\0")


def _before_tls(data: bytes) -> int:
    """Return where TLS begins after PostgreSQL has agreed on it; 0 where it has not."""
    start = len(_SSL_REQUEST) if data.startswith(_SSL_REQUEST) else 1 if data[:1] == b"S" else 0
    return start if is_record(data, start) else 0
