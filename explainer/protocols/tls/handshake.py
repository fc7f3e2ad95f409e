"""TLS over TCP: one record a connection, of what was said in clear, or decrypted (RFC 8446, RFC 5246)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS, TIME
from explainer.protocols.tcp import Endpoint, segments
from explainer.protocols.tls.again import AGAIN, hidden
from explainer.protocols.tls.columns import JA3, OPAQUE_TYPE, TLS, Fields
from explainer.protocols.tls.hello import (
    CLIENT_HELLO,
    SERVER_HELLO,
    ClientHello,
    Row,
    ServerHello,
    client_hello,
    server_hello,
    values,
)
from explainer.protocols.tls.messages import (
    ALERT,
    APPLICATION_DATA,
    CERTIFICATE_MESSAGE,
    CERTIFICATE_REQUEST,
    CHANGE_CIPHER_SPEC,
    Alert,
    CertificateMessage,
    Message,
    Record,
    alerts,
    certificate_message,
    records,
)

_COLUMNS = (FRAME, TIME, *TLS.every, OPAQUE_TYPE, JA3)
_TLS13, _DTLS13, _DRAFT = 0x0304, 0xFEFC, 0x7F
_CARRIER = ":openvpn:"
FIRST_ROWS = 60
"""How many frames with records are read of a connection; of the later ones only those with a handshake or an alert."""


@dataclass(frozen=True)
class Handshake:
    """One TLS connection.

    `stream` is Wireshark's number of its TCP stream (tcp.stream), or of its UDP stream for DTLS and QUIC, which
    `transport` tells; `client_hellos` are two after a HelloRetryRequest (`hello_retry`). `records` and `messages` are
    the first ones, in order; `decoded_as` is the "Decode As" rule that shows it where Wireshark does not by itself;
    `reordered` says that it shows it only with segments that came out of order put in order.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    client_hellos: tuple[ClientHello, ...]
    hello_retry: ServerHello | None
    server_hello: ServerHello | None
    certificate_messages: tuple[CertificateMessage, ...]
    alerts: tuple[Alert, ...]
    records: tuple[Record, ...]
    messages: tuple[Message, ...]
    transport: str = "tcp"
    decoded_as: str = ""
    reordered: bool = False

    @property
    def client_hello(self) -> ClientHello | None:
        """Return the first ClientHello."""
        return self.client_hellos[0] if self.client_hellos else None

    @property
    def server_name(self) -> str:
        """Return the name that the client asked for (SNI), or nothing."""
        return self.client_hello.server_name if self.client_hello else ""

    @property
    def version(self) -> int | None:
        """Return the version that the server chose."""
        return self.server_hello.version if self.server_hello else None

    @property
    def encrypts_certificates(self) -> bool:
        """Return whether its version hides the certificates: TLS 1.3, its drafts included."""
        version = self.version
        return version is not None and (version in (_TLS13, _DTLS13) or version >> 8 == _DRAFT)

    @property
    def resumed(self) -> bool:
        """Return whether it goes on with an earlier session: by a pre-shared key, or the session's id or ticket."""
        hello, chosen = self.client_hello, self.server_hello
        if hello is None or chosen is None or self.encrypts_certificates or self.server_certificates:
            return chosen is not None and chosen.pre_shared_key
        return bool(chosen.session_id) and chosen.session_id == hello.session_id

    @property
    def server_certificates(self) -> CertificateMessage | None:
        """Return the server's certificate message where it can be read."""
        return self._certificates(from_client=False)

    @property
    def client_certificates(self) -> CertificateMessage | None:
        """Return the client's certificate message where it can be read."""
        return self._certificates(from_client=True)

    def _certificates(self, *, from_client: bool) -> CertificateMessage | None:
        # Of a message in fragments (DTLS), only the last one shows the certificates.
        own = [message for message in self.certificate_messages if message.from_client == from_client]
        return next((message for message in own if message.certificates), own[0] if own else None)

    @property
    def empty_client_certificate(self) -> CertificateMessage | None:
        """Return the client's certificate message where it holds no certificate: it has none to show."""
        message = self.client_certificates
        return message if message and not message.certificates else None

    @property
    def certificate_request(self) -> int | None:
        """Return the frame in which the server asks for a client certificate, where it can be read."""
        return self.message(CERTIFICATE_REQUEST, from_client=False)

    @property
    def fatal_alerts(self) -> tuple[Alert, ...]:
        """Return the alerts that ended it, as far as they can be read."""
        return tuple(alert for alert in self.alerts if alert.fatal)

    @cached_property
    def encrypted_alerts(self) -> tuple[Record, ...]:
        """Return the alerts of TLS 1.2 and earlier that cannot be read."""
        read = {alert.frame for alert in self.alerts}
        return tuple(r for r in self.records if r.type == ALERT and not r.encrypted and r.frame not in read)

    def message(self, kind: int, *, from_client: bool) -> int | None:
        """Return the frame of the first handshake message of this type and sender, or None."""
        return next((m.frame for m in self.messages if m.type == kind and m.from_client == from_client), None)

    def frames(self, kind: int, *, from_client: bool) -> tuple[int, ...]:
        """Return the frames with records of this type and sender."""
        return tuple(dict.fromkeys(r.frame for r in self.records if r.type == kind and r.from_client == from_client))

    @property
    def client_change_cipher(self) -> tuple[int, ...]:
        """Return the frames with the client's ChangeCipherSpec."""
        return self.frames(CHANGE_CIPHER_SPEC, from_client=True)

    @property
    def server_change_cipher(self) -> tuple[int, ...]:
        """Return the frames with the server's ChangeCipherSpec."""
        return self.frames(CHANGE_CIPHER_SPEC, from_client=False)

    @property
    def client_data(self) -> tuple[int, ...]:
        """Return the frames with the client's application data records, which in TLS 1.3 hold its Finished, too."""
        return self.frames(APPLICATION_DATA, from_client=True)

    @property
    def server_data(self) -> tuple[int, ...]:
        """Return the frames with the server's application data records, which in TLS 1.3 hold its handshake, too."""
        return self.frames(APPLICATION_DATA, from_client=False)

    @property
    def last_message_frame(self) -> int:
        """Return the last frame of what is known of the handshake."""
        return max((*(m.frame for m in self.messages), *(r.frame for r in self.records[:1])), default=1)


@fact("TLS connections", segments, hidden, AGAIN, *_COLUMNS, PROTOCOLS)
def handshakes(facts: Facts) -> tuple[Handshake, ...]:
    """Return the TLS connections over TCP by stream number, each as Wireshark shows it or as a second look does.

    Not those in OpenVPN's control channel.
    """
    sides = facts[segments].select(
        pl.col("frame").alias(FRAME.field),
        "stream", "client", "client_port", "server", "server_port", "from_client",
    )  # fmt: skip
    found = facts.frames_with((TLS.record_type, OPAQUE_TYPE, TLS.handshake_type), *_COLUMNS, PROTOCOLS)
    plain = found.join(sides, on=FRAME.field)
    # Carried in packets of another protocol it is not the connection's own: its end is told nowhere here.
    carried = set(plain.filter(pl.col(PROTOCOLS.field).str.contains(_CARRIER))["stream"])
    seen = {h.stream: h for h in connections(plain, TLS)}
    again = facts.look(AGAIN)
    if again is not None:
        rules = facts[hidden]
        for handshake in connections(again.join(sides, on=FRAME.field), TLS):
            before = seen.get(handshake.stream)
            if before is None or len(before.messages) < len(handshake.messages):
                rule = rules.get(handshake.stream, "")
                seen[handshake.stream] = replace(handshake, decoded_as=rule, reordered=not rule)
    return tuple(seen[stream] for stream in sorted(seen.keys() - carried))


def connections(rows: "pl.DataFrame", fields: Fields) -> Iterator[Handshake]:
    """Yield the connections in these rows: a row a frame, with its stream and sides."""
    known = _first(rows.sort("stream", FRAME.field), fields).iter_rows(named=True)
    for _, group in groupby(known, key=lambda row: row["stream"]):
        yield _handshake(list(group), fields)


def _first(rows: "pl.DataFrame", fields: Fields) -> "pl.DataFrame":
    """Return the first rows of each stream, and all with a handshake message, a readable alert or an alert record."""
    alert = pl.col(fields.record_type.field).list.contains(ALERT).fill_null(value=False)
    told = pl.col(fields.handshake_type.field).is_not_null() | pl.col(fields.alert_description.field).is_not_null()
    return rows.filter((pl.int_range(pl.len()).over("stream") < FIRST_ROWS) | told | alert)


def _handshake(rows: list[Row], fields: Fields) -> Handshake:
    first = rows[0]
    sides = {
        True: Endpoint(first["client"], first["client_port"]),
        False: Endpoint(first["server"], first["server_port"]),
    }
    spoken = [(row, kinds) for row in rows if (kinds := values(row, fields.handshake_type.field))]
    # Who says ClientHello is the client, whatever TCP's start (not seen, perhaps) made us guess.
    opener = next((row["from_client"] for row, kinds in spoken if CLIENT_HELLO in kinds), True)
    if not opener:
        for row in rows:
            row["from_client"] = not row["from_client"]
    hellos = [hello for row, kinds in spoken if SERVER_HELLO in kinds and (hello := server_hello(row, fields))]
    return Handshake(
        stream=first["stream"],
        client=sides[opener],
        server=sides[not opener],
        client_hellos=tuple(client_hello(row, fields) for row, kinds in spoken if CLIENT_HELLO in kinds),
        hello_retry=next((hello for hello in hellos if hello.retry), None),
        server_hello=next((hello for hello in hellos if not hello.retry), None),
        certificate_messages=tuple(
            certificate_message(row, fields) for row, kinds in spoken if CERTIFICATE_MESSAGE in kinds
        ),
        alerts=tuple(alert for row in rows for alert in alerts(row, fields)),
        records=tuple(record for row in rows for record in records(row, fields)),
        messages=tuple(Message(row[FRAME.field], row["from_client"], kind) for row, kinds in spoken for kind in kinds),
    )
