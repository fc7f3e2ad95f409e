"""TLS: what both sides of each connection said, as far as it can be read."""

from explainer.protocols.tls.datagrams import endings
from explainer.protocols.tls.ending import Ending, Outcome
from explainer.protocols.tls.handshake import Handshake, handshakes
from explainer.protocols.tls.hello import ClientHello, ServerHello
from explainer.protocols.tls.messages import Alert, CertificateMessage, Message, Record

__all__ = [
    "Alert",
    "CertificateMessage",
    "ClientHello",
    "Ending",
    "Handshake",
    "Message",
    "Outcome",
    "Record",
    "ServerHello",
    "endings",
    "handshakes",
]
