"""FTP's second connection, for lists and files: passive (the client opens it) and active (the server does)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.frame import last_ns
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.attempts import opened
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.rules.tcp_case import scope

_WAIT_S = 3.0
_SHOWN = 20
_PLACES = ("ftp-passive", "ftp-active")
Ports = Mapping[int, Sequence[Connection]]


@rule("FTP data connection fails", signs, connections, last_ns, subject=SUBJECT_OF_SIGNS, area=AREA)
def ftp_data_blocked(facts: Facts) -> Iterator[Finding]:
    """An FTP transfer or listing whose second connection, for the data, is announced and never opened.

    Passive (RFC 959 section 3.3, RFC 2428): the server names a port of its own, and the client's attempt is dropped,
    refused, or goes to an address that only the server's own network knows. Active: the client names a port of its own,
    and no connection of the server comes, or none that is answered, or the server does not accept the address
    (RFC 2577 section 3). Silent where the server refused the transfer itself, and where one to that port was opened
    after all.
    """
    talks = defaultdict[int, list[Sign]](list)
    for sign in facts[signs]:
        if sign.protocol == "FTP" and sign.stream is not None:
            talks[sign.stream].append(sign)
    by_stream, to_port = {c.stream: c for c in facts[connections]}, defaultdict[int, list[Connection]](list)
    for c in facts[connections]:
        to_port[c.server.port].append(c)
    for stream, talk in talks.items():
        places = [sign for sign in talk if sign.what in _PLACES]
        control = by_stream.get(stream)
        if control and places and (found := _last(places, talk, to_port, control, facts[last_ns])):
            yield found
        # Clients that may use passive mode go on with it; EPRT is tried before PORT.
        no = next((sign for sign in reversed(talk) if sign.what == "ftp-active-refused"), None)
        if control and no and not any(place.frame > no.frame for place in places):
            yield _not_taken(no, control)


def _last(
    places: Sequence[Sign], talk: Sequence[Sign], to_port: Ports, control: Connection, ends: int
) -> Finding | None:
    """Return the finding about the last announced port; earlier ones may have been trials."""
    sign = places[-1]
    address, _, port = sign.text.rpartition(":")
    active = sign.what == "ftp-active"
    host = sign.client.address if active else sign.server.address
    tried = [
        c for c in to_port.get(int(port), ()) if c.server.address in (host, address) and c.first_frame > sign.frame
    ]
    wanted = [s for s in talk if s.what == "ftp-wants-data" and s.frame > sign.frame]
    refused = any(s.what == "ftp-refused" and s.frame > sign.frame for s in talk)
    if any(map(opened, tried)) or refused:
        return None
    waited = (ends - (tried[0].first_ns if tried else control.first_ns)) / 1e9
    if active and not tried and waited >= _WAIT_S:
        return _active(sign, wanted[-1] if wanted else sign, control)
    if tried:
        return _not_let_in(sign, tried) if active else _passive(sign, address, tried)
    return None


def _passive(sign: Sign, address: str, tried: Sequence[Connection]) -> Finding:
    c = tried[0]
    attempts = [frame for one in tried for frame in one.syn_frames]
    answers = [frame for one in tried for frame in one.server_resets]
    elsewhere = address and address != sign.server.address and c.server.address == address
    private = elsewhere and ip_address(address).is_private
    how = "refused" if answers else "never answered"
    cause = (
        f"the server names {'the private address ' if private else ''}{address} for it, which is not the one that"
        f" the client"
        f" reaches it by ({sign.server.address})"
        if elsewhere
        else f"its connection to the passive port {c.server.port} is {how}"
    )
    return _finding(
        sign, [sign.frame, *attempts, *answers], tried,
        f"FTP from {sign.client.address} to {sign.server.address}: the login works, but the second connection, for"
        f" the data"
        f" (passive mode), cannot be opened: {cause}.",
        "The FTP server's side must act: behind NAT it has to name its public address for passive mode."
        if elsewhere
        else f"Whoever runs the firewall before {sign.server.address} must act: it has to let the server's passive"
        f" ports"
        " through.",
        Side.SERVER if elsewhere else Side.NETWORK,
        [
            Step(frames=(sign.frame,), text=f"the server says where the data connection is to go: {c.server}"),
            Step(frames=tuple(attempts[:_SHOWN]), text=f"{sign.client.address} tries to connect to {c.server}"),
            Step(frames=tuple(answers[:_SHOWN]), text=f"the attempt is {how}" if answers else "no answer comes"),
        ],
    )  # fmt: skip


def _not_taken(sign: Sign, control: Connection) -> Finding:
    address = sign.text.rpartition(":")[0]
    elsewhere = address and address != sign.client.address
    cause = (
        f"the client names its address {address}, while the server is reached from {sign.client.address} (NAT)"
        if elsewhere
        else f"the client names {sign.text}; servers accept only the address that they are reached from, and behind NAT"
        " that is another one"
    )
    return _finding(
        sign, [sign.frame], (control,),
        f"FTP from {sign.client.address} to {sign.server.address}: the server does not accept the place that the client"
        f" names for the data (active mode): {cause}.",
        "The client's side must switch to passive mode.",
        Side.CLIENT,
        [Step(frames=(sign.frame,), text=f"the server refuses the client's {sign.text} for the data connection")],
    )  # fmt: skip


def _not_let_in(sign: Sign, tried: Sequence[Connection]) -> Finding:
    """Return the finding about the server's attempts to connect to the client, as the server's side sees them."""
    attempts = [frame for one in tried for frame in one.syn_frames]
    answers = [frame for one in tried for frame in one.server_resets]
    how = "refused" if answers else "never answered"
    return _finding(
        sign, [sign.frame, *attempts, *answers], tried,
        f"FTP from {sign.client.address} to {sign.server.address}: the second connection, for the data (active mode),"
        f" cannot be opened: the server's connection to {sign.text} of the client is {how}.",
        "The client's side must switch to passive mode; a firewall or NAT before the client does not let the server's"
        " connection in.",
        Side.NETWORK,
        [
            Step(frames=(sign.frame,), text=f"the client says where the data connection is to go: {sign.text}"
            " (active mode)"),
            Step(frames=tuple(attempts[:_SHOWN]), text=f"{sign.server.address} tries to connect there"),
            Step(frames=tuple(answers[:_SHOWN]), text=f"the attempt is {how}" if answers else "no answer comes"),
        ],
    )  # fmt: skip


def _active(sign: Sign, wanted: Sign, control: Connection) -> Finding:
    return _finding(
        sign, [sign.frame, wanted.frame], (control,),
        f"FTP from {sign.client.address} to {sign.server.address}: the second connection, for the data (active"
        f" mode), never"
        f" comes: the server would have to connect to {sign.text} of the client, and no such connection is seen.",
        "The client's side must switch to passive mode; a firewall or NAT before the client does not let the server's"
        " connection in.",
        Side.NETWORK,
        [
            Step(frames=(sign.frame,), text=f"the client says where the data connection is to go: {sign.text}"
            f" (active mode)"),
            Step(
                frames=(wanted.frame,) if wanted is not sign else (control.last_frame,),
                text=f"it asks for data ({wanted.text}): no connection of the server arrives"
                if wanted is not sign else "until the end no connection of the server arrives",
            ),
        ],
    )  # fmt: skip


def _finding(
    sign: Sign, frames: Sequence[int], told: Sequence[Connection], title: str, act: str, side: Side, steps: list[Step]
) -> Finding:
    return Finding(
        id=f"ftp_data_blocked:{sign.frame}",
        rule="ftp_data_blocked",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=side,
        title=title,
        act=act,
        measured={"attempts": len(told)},
        evidence=Evidence.of(frames, f"ftp || {connection_filter(told[0].server, (c.stream for c in told))}", steps),
        scope=scope((c.stream for c in told), sign.client, sign.server, told[0].server),
        advice=(
            "In the client, switch passive mode on (or off); or use SFTP, which needs one connection alone.",
            "On the server, set a range of passive ports and its public address (vsftpd: pasv_min_port, pasv_address),"
            " and open them in the firewall.",
        ),
        limitations=("where the attempts are dropped",),
    )
