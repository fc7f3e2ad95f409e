"""Kinds of resets: which end a connection that nobody needs any more, and which cut off what was under way. Pure."""

from explainer.protocols.tcp_resets import Reset

_SPARE_S = 5.0  # a connection that nobody used for so long was a spare one
_ALERT = 60  # bytes: an encrypted close_notify has 24 to 43, with its header
IDLE_TIMEOUT_S = 60
"""The shortest idle time-out in common use: many proxies and load balancers have 60 s; firewalls have more."""


def opened(reset: Reset) -> bool:
    """Return whether the connection was open: the server said more than the reset, as far as the capture tells."""
    server = reset.of_server
    return reset.syn_ack or server.payload > 0 or (not reset.syn and server.frames > 0)


def is_harmless(reset: Reset) -> bool:
    """Return whether nothing was under way: one side had closed, or all was delivered and nobody waits."""
    if reset.by.fin or reset.other.fin:
        return not is_late_request(reset)
    if reset.by.windowless:
        return False  # what was delivered was never read
    if not (reset.of_client.payload or reset.of_server.payload):
        return reset.from_client or reset.silence_s >= _SPARE_S
    return reset.by.delivered and reset.other.delivered and not reset.client_waits


def is_late_request(reset: Reset) -> bool:
    """Return whether the client sent data after the server's FIN that is more than a TLS alert."""
    client, closed = reset.of_client, reset.of_server.fin
    return bool(closed and (client.last_data or 0) > closed and client.last_size > _ALERT and not reset.from_client)


def is_reused(reset: Reset) -> bool:
    """Return whether that request came on a connection that had served before, and that the server then closed."""
    return is_late_request(reset) and reset.by.payload > 0 and reset.by.delivered


def is_idle_timeout(reset: Reset) -> bool:
    """Return whether data after a long pause was answered with nothing but the reset."""
    return opened(reset) and reset.pause_s >= IDLE_TIMEOUT_S and not (reset.by.fin or reset.other.fin)
