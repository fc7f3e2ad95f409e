"""What each fatal alert says in plain words, by who sent it (RFC 8446 section 6.2, RFC 5246 section 7.2.2)."""

from dataclasses import dataclass

from explainer.model import Side


@dataclass(frozen=True, slots=True)
class Meaning:
    """An alert in plain words: the cause, whose side must act and how; {client}, {server} and {name} are filled in."""

    cause: str
    side: Side
    act: str
    advice: tuple[str, ...] = ()


_CHECK = "Check it: {check}"
_NO_COMMON = Meaning(
    "The client and the server have no cipher suite or other parameter in common: the server accepts nothing of what"
    " the client offers.",
    Side.EITHER,
    "One side must be set up to allow what the other one offers: usually the older of the two has to be updated.",
    (
        "Compare the cipher suites, groups and versions that {server} allows with those that the client offers.",
        "List what the server accepts: nmap --script ssl-enum-ciphers -p {port} {address}",
    ),
)
_NO_VERSION = Meaning(
    "The client and the server have no TLS version in common.",
    Side.EITHER,
    "The side with the old versions must be updated or set up: usually TLS 1.2 and 1.3 should be allowed on both.",
    ("Try single versions: {check} -tls1_2 (or -tls1_3)",),
)

FROM_CLIENT = {
    42: Meaning(
        "The client rejects the server's certificate as unusable.",
        Side.SERVER,
        "The server's side must act: {server} has to present a certificate that this client accepts.",
        (_CHECK,),
    ),
    43: Meaning(
        "The client does not support the type of the server's certificate.",
        Side.SERVER,
        "The server's side must act: {server} needs a certificate of a type that the client supports.",
        (_CHECK,),
    ),
    44: Meaning(
        "The client says that the server's certificate was revoked by its issuer.",
        Side.SERVER,
        "The server's side must act: {server} needs a new certificate.",
        (_CHECK,),
    ),
    45: Meaning(
        "The client rejects the server's certificate as expired or not yet valid.",
        Side.SERVER,
        "The server's side must act: {server} needs a renewed certificate (unless the client's clock is wrong).",
        ("Renew the certificate on {server} and restart its service.", _CHECK, "Check the date on the client."),
    ),
    46: Meaning(
        "The client rejects the server's certificate for a reason that it does not say.",
        Side.SERVER,
        "The server's side should check its certificate first, and the client's log tells the reason.",
        (_CHECK,),
    ),
    48: Meaning(
        "The client does not trust the issuer of the server's certificate.",
        Side.EITHER,
        "Either {server} must present a certificate from an issuer that the client trusts, with the intermediate"
        " certificates, or the client must be told to trust its issuer.",
        (
            "On {server}, check that the whole chain is sent (leaf and intermediates).",
            "If the issuer is a private CA, add its root certificate to the client's trust store.",
            _CHECK,
        ),
    ),
    70: _NO_VERSION,
    40: Meaning(
        "The client accepts none of what the server chose for the handshake.",
        Side.EITHER,
        "The client's log tells what it refuses; compare both sides' cipher suites and versions.",
        (_CHECK,),
    ),
}

BEFORE_SERVER_HELLO = {40: _NO_COMMON, 71: _NO_COMMON, 70: _NO_VERSION}

NO_CLIENT_CERTIFICATE = Meaning(
    "The server requires a client certificate (mutual TLS), and the client sent none.",
    Side.CLIENT,
    "The client's side must act: set up a client certificate that {server} accepts.",
    (
        "Give the client a certificate and its key, issued by a CA that {server} trusts.",
        "Check it: {check} -cert client.pem -key client.key",
    ),
)
# What servers answer to an empty client certificate (RFC 5246 section 7.4.6, RFC 8446 section 4.4.2.4).
REFUSED_EMPTY_CERTIFICATE = frozenset({40, 42, 48, 49, 116})

FROM_SERVER = {
    47: Meaning(
        "The server says that a value in the client's handshake is not allowed.",
        Side.CLIENT,
        "The client's side should act: update its TLS library; the server's log names the field.",
    ),
    42: Meaning(
        "The server rejects the client's certificate as unusable.",
        Side.CLIENT,
        "The client's side must act: it needs a certificate that {server} accepts.",
    ),
    44: Meaning(
        "The server says that the client's certificate was revoked.",
        Side.CLIENT,
        "The client's side must act: it needs a new certificate.",
    ),
    45: Meaning(
        "The server rejects the client's certificate as expired.",
        Side.CLIENT,
        "The client's side must act: it needs a renewed certificate.",
    ),
    46: Meaning(
        "The server rejects the client's certificate for a reason that it does not say.",
        Side.CLIENT,
        "The client's side should check its certificate; the server's log tells the reason.",
    ),
    48: Meaning(
        "The server does not trust the issuer of the client's certificate.",
        Side.EITHER,
        "Either the client must present a certificate from an issuer that {server} trusts, or the server must be told"
        " to trust that issuer.",
    ),
    70: _NO_VERSION,
    86: Meaning(
        "The client came back with an older TLS version than both sides support, and the server refuses the downgrade.",
        Side.EITHER,
        "Find out why the first attempt with the newer version failed: it comes before this one.",
    ),
    112: Meaning(
        "The server does not know the name {name} that the client asks for.",
        Side.SERVER,
        "The server's side must act: set up {name} on {server}, or the client must use the right name.",
        (_CHECK,),
    ),
    116: NO_CLIENT_CERTIFICATE,
    120: Meaning(
        "The client and the server have no application protocol in common (ALPN).",
        Side.EITHER,
        "One side must be set up to offer a protocol, such as http/1.1, that the other one speaks.",
    ),
}

_UNSPECIFIC = {
    10: "received a message that does not belong there",
    20: "says that a record does not decrypt or was changed on its way",
    40: "broke off the handshake: it does not accept what the other side sent",
    49: "denies access",
    50: "cannot decode a message of the handshake",
    51: "cannot verify a signature or a Finished message of the handshake",
    80: "had an internal error",
    109: "misses an extension that it requires",
    110: "received an extension that it did not ask for",
    115: "does not know the pre-shared key",
}


def unspecific(code: int, sender: str) -> Meaning:
    """Return what an alert says that leaves the cause open, when the "client" or the "server" sends it."""
    said = _UNSPECIFIC.get(code, "ended the TLS handshake")
    act = f"The {sender}'s log should tell why; the packets say no more than the alert."
    return Meaning(f"The {sender} {said}.", Side.EITHER, act, (_CHECK,))
