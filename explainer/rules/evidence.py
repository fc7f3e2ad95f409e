"""Display filters and steps that several rules build in the same way."""

from collections.abc import Iterable

from explainer.escape import shell_word
from explainer.model import Step
from explainer.protocols.tcp import Connection, Endpoint
from explainer.protocols.tls import Handshake
from explainer.wording import milliseconds

_LISTED_IN_FILTER = 20


def address_field(address: str) -> str:
    """Return the display filter field for the address: ip.addr or ipv6.addr."""
    return "ipv6.addr" if ":" in address else "ip.addr"


def tls_filter(server: Endpoint, streams: Iterable[int]) -> str:
    """Return a display filter for TLS in these TCP streams; where they are too many to list, at the server's port."""
    return f"{connection_filter(server, streams)} && tls"


def connection_filter(server: Endpoint, streams: Iterable[int]) -> str:
    """Return a display filter for these TCP streams; where they are too many to list, for the server's port."""
    return _one_of("tcp.stream", streams) or port_filter(server.address, [server.port])


def port_filter(address: str, ports: Iterable[int]) -> str:
    """Return a display filter for the address and any of these TCP ports; where they are too many, for the address."""
    port = _one_of("tcp.port", ports) or "tcp"
    return f"{address_field(address)} == {address} && {port}"


def stream_filter(streams: Iterable[int]) -> str:
    """Return a display filter for these TCP streams; where they are too many to list, for TCP."""
    return _one_of("tcp.stream", streams) or "tcp"


def host_filter(addresses: Iterable[str]) -> str:
    """Return a display filter for TCP and ICMP of any of these hosts, each with any other."""
    return " || ".join(f"{address_field(address)} == {address}" for address in sorted(set(addresses)))


def _one_of(field: str, values: Iterable[int]) -> str:
    """Return a comparison of the field with these values, nothing where they are too many to list."""
    numbers = sorted(set(values))
    if len(numbers) == 1:
        return f"{field} == {numbers[0]}"
    return f"{field} in {{{', '.join(map(str, numbers))}}}" if len(numbers) <= _LISTED_IN_FILTER else ""


def check_command(handshake: Handshake) -> str:
    """Return the command that opens the same TLS connection again and shows what the server presents."""
    name = f"-servername {shell_word(handshake.server_name)}" if handshake.server_name else "-noservername"
    transport = {"dtls": " -dtls", "quic": " -quic -alpn h3"}.get(handshake.transport, "")
    return f"openssl s_client{transport} -connect {shell_word(str(handshake.server))} {name}"


def network_step(connection: Connection | None, before: int) -> tuple[Step, ...]:
    """Return the step that clears the network, when the connection shows it: opened, nothing lost, no early reset."""
    if connection is None or not connection.established or connection.syn_ack_rtt_ms is None:
        return ()
    resets = [frame for frame in connection.client_resets + connection.server_resets if frame < before]
    if connection.retransmissions or connection.lost_segments or resets:
        return ()
    round_trip = milliseconds(connection.syn_ack_rtt_ms)
    return (
        Step(frames=(), text=f"The network is not the cause: round trip {round_trip}, nothing lost, no reset before."),
    )
