"""Display filters and steps that several rules build in the same way."""

from collections.abc import Iterable

from explainer.escape import shell_word
from explainer.model import Step
from explainer.protocols.tcp import Connection
from explainer.protocols.tls import Handshake
from explainer.wording import milliseconds

_STREAMS_IN_FILTER = 20


def address_field(address: str) -> str:
    """Return the display filter field for the address: ip.addr or ipv6.addr."""
    return "ipv6.addr" if ":" in address else "ip.addr"


def stream_filter(streams: Iterable[int]) -> str:
    """Return a display filter for these TCP streams (the first 20 where there are more)."""
    numbers = sorted(set(streams))[:_STREAMS_IN_FILTER]
    if len(numbers) == 1:
        return f"tcp.stream == {numbers[0]}"
    return f"tcp.stream in {{{', '.join(map(str, numbers))}}}"


def port_filter(address: str, ports: Iterable[int]) -> str:
    """Return a display filter for the address and any of these TCP ports."""
    numbers = sorted(set(ports))[:_STREAMS_IN_FILTER]
    port = f"tcp.port == {numbers[0]}" if len(numbers) == 1 else f"tcp.port in {{{', '.join(map(str, numbers))}}}"
    return f"{address_field(address)} == {address} && {port}"


def check_command(handshake: Handshake) -> str:
    """Return the command that opens the same TLS connection again and shows what the server presents."""
    name = f"-servername {shell_word(handshake.server_name)}" if handshake.server_name else "-noservername"
    return f"openssl s_client -connect {shell_word(str(handshake.server))} {name}"


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
