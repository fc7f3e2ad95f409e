"""What each fatal alert says in plain words, by who sent it (RFC 8446 section 6.2, RFC 5246 section 7.2.2)."""

from typing import NamedTuple

from explainer.model import Side

_CHECK = "Check it: {check}"


class Meaning(NamedTuple):
    """An alert in plain words: the cause, whose side must act and how; {client}, {server} and {name} are filled in."""

    cause: str
    side: Side
    act: str
    advice: tuple[str, ...] = (_CHECK,)


UNRECOGNIZED_NAME = 112
NAMELESS = Meaning(
    "The server does not know the name that the client asks for, or wants one and gets none.",
    Side.EITHER,
    "Either side: the client must send the name of a site that is set up on {server} (SNI).",
)
FROM_CLIENT = {
    42: Meaning(
        "The client rejects the server's certificate and does not say why: most often such a certificate is made out"
        " for another name than the one asked for, is not valid yet, or has a key or signature that is too weak.",
        Side.SERVER,
        "The server's side must act: check that the certificate of {server} is made out for the name {name}, and valid"
        " now; the client's log tells the reason.",
    ),
    43: Meaning(
        "The client says that the server's certificate is of the wrong type: most often such a certificate is made for"
        " another purpose than a server's (extended key usage, such as that of clients), or its kind of key is one that"
        " the client does not support.",
        Side.SERVER,
        "The server's side must act: {server} needs a certificate that is issued for server authentication, with a"
        " common kind of key (RSA or ECDSA).",
    ),
    44: Meaning(
        "The client says that the server's certificate was revoked by its issuer.",
        Side.SERVER,
        "The server's side must act: {server} needs a new certificate.",
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
    ),
    48: Meaning(
        "The client does not trust the issuer of the server's certificate.",
        Side.EITHER,
        "The client's side must act if the issuer is your own: tell {client} to trust it; otherwise the server's:"
        " {server} has to present a certificate from a known issuer, with the intermediate certificates.",
        (
            "On {server}, check that the whole chain is sent (leaf and intermediates).",
            "If the issuer is a private CA, add its root certificate to the client's trust store.",
            _CHECK,
        ),
    ),
    40: Meaning(
        "The client accepts none of what the server chose for the handshake.",
        Side.EITHER,
        "The client's side must look first: its log tells what it refuses; compare both sides' cipher suites and"
        " versions.",
    ),
}

FROM_SERVER = {
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
        "The client's side must act: {client} needs a certificate from an issuer that {server} trusts (or the server"
        " must be told to trust that issuer).",
    ),
    80: Meaning(
        "The server had an internal error; servers written in Go (Caddy is one) say so, too, where they have no"
        " certificate for what the client asks for.",
        Side.SERVER,
        "The server's side should look first: whether it has a certificate for the name or address that the"
        " client uses, and what its log says.",
    ),
    UNRECOGNIZED_NAME: Meaning(
        "The server does not know the name {name} that the client asks for.",
        Side.SERVER,
        "The server's side must act: set up {name} on {server}, or the client must use the right name.",
    ),
}

_UNSPECIFIC = {
    10: "received a message that does not belong there",
    20: "says that a record does not decrypt or was changed on its way",
    40: "broke off the handshake: it does not accept what the other side sent",
    49: "denies access",
    50: "cannot decode a message of the handshake",
    51: "cannot verify a signature or a Finished message of the handshake",
    70: "does not speak the version",
    80: "had an internal error",
    86: "refuses the older version",
    109: "misses an extension that it requires",
    110: "received an extension that it did not ask for",
    115: "does not know the pre-shared key",
    116: "requires a certificate",
    120: "speaks none of the application protocols offered",
}


def unspecific(code: int, sender: str) -> Meaning:
    """Return what an alert says that leaves the cause open, when the "client" or the "server" sends it."""
    said = _UNSPECIFIC.get(code, "ended the TLS handshake")
    act = f"The {sender}'s side should look first: its log should tell why; the packets say no more than the alert."
    return Meaning(f"The {sender} {said}.", Side.EITHER, act, (_CHECK,))
