"""Errors that smaller protocols answer in a word or a number: one table of what they mean, one way to tell of them."""

import re
from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.protocols.applications.media import WITH_LOGIN
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_CALLED = {
    "Modbus": "The Modbus device", "RTSP": "The RTSP (video) server", "Diameter": "The Diameter server",
    "Cassandra": "The database", "EAP": "The network's login", "NFS": "The NFS server", "CoAP": "The CoAP device",
    "rsync": "The rsync server", "memcached": "The cache", "git": "The git server", "RPC": "The portmapper (rpcbind)",
    "Kafka": "The message broker", "VNC": "The remote desktop (VNC server)",
    "SNMP": "The SNMP agent (monitored device)", "RDP": "The remote desktop server", "MQTT": "The message broker",
    "IPP": "The printer", "Telnet": "The terminal (Telnet)",
}  # fmt: skip
_RIGHTS = "The server's side must grant it, or the client must use another account or address."
_ASK_OTHERWISE = "The client must ask for something that is there, or the server's side must offer it."
_SET_TLS = "The client must be set to it, or the server must allow less."
_CREDENTIALS = "The client's side must correct user name or password."
_NO_SUCH = Meaning("it has nothing of that name", _ASK_OTHERWISE, Side.CLIENT)
_FORBIDDEN = Meaning("it does not permit it", _RIGHTS, Side.EITHER)
_SIGN_IN = Meaning("it wants a login, or does not accept the one given", _CREDENTIALS, Side.CLIENT)
_BUSY = Meaning("it is busy", "Ask again later; if it lasts, the device's side must act.", Side.SERVER, Severity.MEDIUM)
_FAILS = Meaning("it fails itself", "The server's side must act: it failed at a request that it knows.", Side.SERVER)
_WRONG_REQUEST = Meaning("it does not accept the request as it is", "The client must correct its request.", Side.CLIENT)
_TOO_LARGE = Meaning(
    "what was sent is too large for it", "The client must send less, or its limit be raised.", Side.CLIENT
)
_TOO_OFTEN = Meaning(
    "too many logins failed before, and it takes none for a while",
    "The client's side must wait, and then use the right password; if somebody guesses, block it.", Side.CLIENT,
)  # fmt: skip
_NO_LEADER = Meaning(
    "the topic has no broker that takes its messages at the moment (no leader, or too few copies)",
    "The broker's side must act if this lasts: a broker of the cluster is down, or starting.", Side.SERVER,
    Severity.MEDIUM,
)  # fmt: skip
_MEANINGS: dict[tuple[str, str], Meaning] = {
    # Modbus Application Protocol 1.1b3, section 7.
    ("Modbus", "1"): Meaning("it does not know this function (illegal function)", "The client must use a function that"
                             " the device has.", Side.CLIENT),
    ("Modbus", "2"): Meaning("it has no register at that address (illegal data address)", "The client must ask for"
                             " registers that the device has: compare with its list.", Side.CLIENT),
    ("Modbus", "3"): Meaning("it does not accept the value (illegal data value)", "The client must send a value or a"
                             " number of registers that the device allows.", Side.CLIENT),
    ("Modbus", "4"): Meaning("it failed (server device failure)", "The device must be looked at.", Side.SERVER),
    ("Modbus", "5"): Meaning("it needs more time (acknowledge)", "Nobody: ask again later.", Side.NOBODY, Severity.LOW),
    ("Modbus", "6"): _BUSY,
    ("Modbus", "10"): Meaning("the gateway has no path to the device", "The gateway's settings must be"
    " corrected.", Side.SERVER),
    ("Modbus", "11"): Meaning("the device behind the gateway does not answer", "The device behind the gateway must"
    " be looked"
                              " at: power, wiring, its unit number.", Side.SERVER),
    # RFC 7252, section 5.9.
    ("CoAP", "4.00"): _WRONG_REQUEST, ("CoAP", "4.01"): _SIGN_IN, ("CoAP", "4.03"): _FORBIDDEN,
    ("CoAP", "4.04"): _NO_SUCH,
    ("CoAP", "4.05"): Meaning("it does not permit this method there", _ASK_OTHERWISE, Side.CLIENT),
    ("CoAP", "4.13"): _TOO_LARGE, ("CoAP", "5.00"): _FAILS, ("CoAP", "5.03"): _BUSY,
    ("CoAP", "5.04"): Meaning("the device behind it does not answer", "The device behind it must be looked"
    " at.", Side.SERVER),
    # RFC 1813, section 5.1.4.
    ("NFS", "1"): _FORBIDDEN, ("NFS", "2"): Meaning("it exports no such folder", _ASK_OTHERWISE, Side.CLIENT),
    ("NFS", "13"): Meaning("it does not let this client mount the folder (access denied)", "The server's side must"
    " export"
                           " the folder to this client (/etc/exports).", Side.SERVER),
    ("NFS", "20"): Meaning("that is no folder", _ASK_OTHERWISE, Side.CLIENT),
    ("RPC", "not registered"): Meaning("that service is not registered there: it does not run", "The server's side must"
                                       " start the service; or the client must not ask for it.", Side.SERVER,
                                       Severity.MEDIUM),
    ("RPC", "denied"): _FORBIDDEN,
    # MS-RDPBCGR 2.2.1.2.2.
    ("RDP", "1"): Meaning("it wants TLS, which the client does not offer", _SET_TLS, Side.CLIENT),
    ("RDP", "2"): Meaning("it does not permit TLS", "Both sides must allow a common way of encryption.", Side.EITHER),
    ("RDP", "3"): Meaning("it has no certificate for TLS", "The server needs a certificate.", Side.SERVER),
    ("RDP", "4"): Meaning("the ways of encryption that the two allow do not fit", _SET_TLS, Side.EITHER),
    ("RDP", "5"): Meaning("it wants the user to log in first (network level authentication, NLA/CredSSP), which the"
    " client"
                          " does not offer", "The client must be set to network level authentication (NLA), or"
                          " updated; or"
                          " the server must not demand it.", Side.CLIENT),
    ("RDP", "6"): Meaning("it wants TLS with a certificate of the client", _SET_TLS, Side.CLIENT),
    ("MQTT", "128"): Meaning("it does not let the client have that topic", _RIGHTS, Side.EITHER),
    ("MQTT", "135"): Meaning("the client may not use that topic (not authorized)", _RIGHTS, Side.EITHER),
    ("MQTT", "143"): _WRONG_REQUEST, ("MQTT", "144"): _WRONG_REQUEST, ("MQTT", "151"): _BUSY,
    # RFC 6143, section 7.1.3: 2 is of the security type Tight's, and of RealVNC's.
    ("VNC", "1"): Meaning("it does not accept the password", "The client's side must correct the password.",
                          Side.CLIENT),
    ("VNC", "2"): _TOO_OFTEN,
    ("VNC", "refused"): Meaning("it turns the client away before the login", "The server's side must act: its words say"
                                " what has to be corrected.", Side.SERVER),
    # Apache Kafka's protocol guide, "Error Codes".
    ("Kafka", "3"): _NO_SUCH, ("Kafka", "10"): _TOO_LARGE, ("Kafka", "58"): _SIGN_IN,
    ("Kafka", "29"): _FORBIDDEN, ("Kafka", "30"): _FORBIDDEN, ("Kafka", "31"): _FORBIDDEN, ("Kafka", "53"): _FORBIDDEN,
    ("Kafka", "5"): _NO_LEADER, ("Kafka", "6"): _NO_LEADER, ("Kafka", "19"): _NO_LEADER, ("Kafka", "7"): _BUSY,
    ("Kafka", "33"): Meaning("it does not offer this way to log in", "The client must use one that the broker offers.",
                             Side.CLIENT),
    ("Kafka", "35"): Meaning("it does not speak this version of the request", "The older of the two must be updated.",
                             Side.EITHER),
    ("memcached", "SERVER_ERROR"): _FAILS,
    ("memcached", "CLIENT_ERROR"): _WRONG_REQUEST, ("memcached", "ERROR"): Meaning("it does not know the command",
    "The client must send commands that it knows.", Side.CLIENT),
    # RFC 8011, appendix B.
    ("IPP", "0x0401"): _FORBIDDEN, ("IPP", "0x0402"): _SIGN_IN, ("IPP", "0x0403"): _FORBIDDEN,
    ("IPP", "0x0406"): Meaning("it has no printer (or job) of that name", "The client must be set to a printer that is"
                               " there, or the server's side must set it up.", Side.EITHER),
    ("IPP", "0x0408"): _TOO_LARGE,
    ("IPP", "0x040a"): Meaning("it does not take that kind of document", "The client needs the printer's driver, or"
                               " must send another format.", Side.CLIENT),
    ("IPP", "0x0500"): _FAILS, ("IPP", "0x0502"): _BUSY, ("IPP", "0x0505"): _BUSY, ("IPP", "0x0507"): _BUSY,
    ("IPP", "0x0504"): Meaning("the device itself has a fault", "Somebody must look at the printer.", Side.SERVER),
    ("IPP", "stopped"): Meaning(
        "its state is stopped, so that the job waits", "Somebody must look at the printer (paper, toner, a jam) and"
        " start it again.", Side.SERVER, advice=("On CUPS: lpstat -p says why; cupsenable PRINTER"
        " starts it again.",)),
    ("IPP", "0x0506"): Meaning("it takes no jobs now (it is set to reject them)", "The server's side must let it accept"
                               " jobs again.", Side.SERVER, advice=("On CUPS: cupsaccept PRINTER.",)),
    # RFC 3414, section 3.2: SNMP version 3.
    ("SNMP", "unsupportedSecurityLevels"): Meaning("it does not offer the encryption or the check that the client wants"
                                                   " (security level)", _SET_TLS, Side.CLIENT),
    ("SNMP", "unknownUserNames"): Meaning("it knows no such user", "The client's side must correct the user's name, or"
                                          " the user be created on the device.", Side.CLIENT),
    ("SNMP", "wrongDigests"): Meaning("the password (authentication key) or its algorithm is wrong",
                                      "The client's side must correct the password, or the algorithm (MD5, SHA).",
                                      Side.CLIENT),
    ("SNMP", "decryptionErrors"): Meaning("the password for encryption (privacy key) or its algorithm is wrong",
                                          "The client's side must correct the password, or the algorithm (DES, AES).",
                                          Side.CLIENT),
    # RFC 7826, section 17; RFC 6733, section 7.1; Cassandra's native protocol, section 9.
    ("RTSP", "401"): Meaning("it wants a login", _CREDENTIALS, Side.CLIENT), ("RTSP", "403"): _FORBIDDEN,
    ("RTSP", "404"): _NO_SUCH, ("RTSP", "453"): _BUSY, ("RTSP", "454"): Meaning("it knows no such session",
    "The client must begin anew.", Side.CLIENT), ("RTSP", "461"): Meaning("it does not offer this transport",
    "The client must use another one: TCP in place of UDP, or the other way round.", Side.CLIENT),
    ("Diameter", "3002"): Meaning("it cannot deliver the request", "The Diameter network's routes must be looked"
    " at.", Side.SERVER),
    ("Diameter", "5001"): Meaning("it does not know something in the request", "Client and server must"
    " agree.", Side.EITHER),
    ("Diameter", "5003"): _FORBIDDEN, ("Diameter", "4001"): _SIGN_IN,
    ("Cassandra", "256"): _SIGN_IN, ("Cassandra", "8448"): _FORBIDDEN, ("Cassandra", "8192"): _WRONG_REQUEST,
    ("Cassandra", "8704"): _WRONG_REQUEST, ("Cassandra", "4097"): _BUSY,
}  # fmt: skip
_OTHER = Meaning("it answers with an error", "Read its words: they say what has to be corrected.", Side.EITHER)
_SNMP = {
    "1": "the answer would be too large", "2": "there is no such value (noSuchName)", "3": "the value has a wrong type",
    "4": "the value can only be read", "5": "it failed (genErr)", "6": "this community may not have it (noAccess)",
    "16": "the user may not do this (authorizationError)", "noSuchObject": "it has no such value (noSuchObject)",
    "noSuchInstance": "it has no such value (noSuchInstance)",
}  # fmt: skip
_IN_WORDS = (
    (("too many security failures", "too many authentication failures"), _TOO_OFTEN),
    (
        ("no password configured",),
        Meaning("no password is set on it", "The server's side must set a password.", Side.SERVER),
    ),
    (
        ("chdir failed", "chroot failed"),
        Meaning(
            "the folder behind that name is not there for it",
            "The server's side must correct the folder's path or its rights.",
            Side.SERVER,
        ),
    ),
    (("read only", "read-only"), Meaning("it takes nothing there (read only)", _RIGHTS, Side.EITHER)),
    (
        ("repository not exported",),
        Meaning(
            "it does not offer that repository: it is not there, not exported, or may not be written",
            "The client must correct its path, or the server's side must export it (or let it be written).",
            Side.EITHER,
        ),
    ),
    (("auth failed", "authentication", "login incorrect"), _SIGN_IN),
    (("unknown module", "not exported", "not found", "no such"), _NO_SUCH),
    (("access denied", "denied", "not allowed", "permission"), _FORBIDDEN),
    (("too large", "out of memory"), _TOO_LARGE),
    (("max connections", "too many"), _BUSY),
)
_BY_NUMBER = ("Kafka", "VNC", "IPP", "RDP", "RTSP")
"""Protocols whose number says more than the words beside it, but for some."""
_BEYOND_NUMBERS = re.compile(r"too many|no password", re.IGNORECASE)


def _meaning(reply: Reply) -> Meaning:
    if reply.protocol == "SNMP" and reply.kind is Kind.QUERY:
        words = _SNMP.get(reply.code, "it answers with an error")
        return Meaning(
            words, "The monitoring must ask for values (OIDs) that the device has, or the device be set to give them.",
            Side.CLIENT, Severity.MEDIUM,
        )  # fmt: skip
    if reply.code == "401" and WITH_LOGIN in reply.request:
        return _SIGN_IN._replace(cause="it does not accept the user name and password")
    known = _SIGN_IN if reply.protocol == "Telnet" else _MEANINGS.get((reply.protocol, reply.code))
    if reply.protocol == "EAP":
        return Meaning("the user is not let in (EAP failure)", "The login server's log tells why.", Side.EITHER)
    exact = reply.protocol in _BY_NUMBER and known
    if exact and not _BEYOND_NUMBERS.search(reply.text):
        return exact
    said = next((means for words, means in _IN_WORDS if any(w in reply.text.lower() for w in words)), None)
    return said or known or _OTHER


def _told(reply: Reply) -> str:
    about = f" {reply.about}" if reply.about else ""
    who = f"{_CALLED[reply.protocol]} {reply.server.address}"
    if reply.protocol == "RPC":
        return f"{who} cannot name a port for{about or ' the service'}, asked by {reply.client.address}"
    if reply.code == "stopped" and reply.protocol == "IPP":
        return f"{who} takes the job of {reply.client.address} for{about}, and cannot print it now"
    if reply.kind is Kind.LOGIN and reply.protocol in ("VNC", "Kafka", "SNMP", "Telnet"):
        return f"{who} does not let{about} {'at ' if about else ''}{reply.client.address} in"
    asked = f", asked for {reply.request}{about}" if about or reply.request != "a request" else ""
    return f"{who} answers {reply.client.address} with an error{asked}"


_LAYERS = (
    "(modbus || rtsp || diameter || cql || eap || mount || coap || rsync || memcache || git || portmap || snmp || rdp"
    " || mqtt || kafka || vnc || ipp || telnet)"
)
_FAMILY = Family("service_error", _LAYERS, _told, _meaning)


@rule("Errors of smaller protocols", replies, subject=SUBJECT, area=AREA)
def service_error(facts: Facts, *, searched: int = 4) -> Iterator[Finding]:
    """An error that a protocol answers with in one field, or in one word.

    Modbus, CoAP, SNMP, RTSP, Diameter, MQTT's topics, the NFS mount, the portmapper, rsync, git, memcached, Cassandra,
    Kafka, EAP, printers (IPP), the logins of SNMP version 3, VNC and Telnet, and RDP's negotiation.

    A challenge (RTSP's 401) is none where the client then asks with a login: what that is answered counts. Who asks
    `searched` portmappers or more is looking around, and their noes are no fault.
    """
    mapped = defaultdict[str, set[str]](set)
    for reply in facts[replies]:
        if reply.protocol == "RPC":
            mapped[reply.client.address].add(reply.server.address)
    found = [
        r for r in facts[replies] if r.protocol in _CALLED and not (r.protocol == "MQTT" and r.kind is not Kind.QUERY)
    ]
    # Who asks many portmappers searches: see unwanted_portmapper.
    yield from refusals([r for r in found if r.protocol != "RPC" or len(mapped[r.client.address]) < searched], _FAMILY)
