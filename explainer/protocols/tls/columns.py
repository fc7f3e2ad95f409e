"""The tshark fields of TLS, and of DTLS, which has the same ones under its own prefix."""

from dataclasses import dataclass
from functools import cached_property

from explainer.facts import Column, Kind


@dataclass(frozen=True)
class Fields:
    """The fields under one prefix: "tls" or "dtls"."""

    prefix: str

    def _column(self, name: str, kind: Kind = Kind.INT, *, many: bool = True) -> Column:
        return Column(f"{self.prefix}.{name}", kind, many)

    @cached_property
    def record_type(self) -> Column:
        """Return the content types of the records; of a decrypted one its inner type."""
        return self._column("record.content_type")

    @cached_property
    def record_length(self) -> Column:
        """Return the lengths of the records, encrypted ones included."""
        return self._column("record.length")

    @cached_property
    def handshake_type(self) -> Column:
        """Return the types of the handshake messages that can be read."""
        return self._column("handshake.type")

    @cached_property
    def version(self) -> Column:
        """Return the legacy versions of the hellos."""
        return self._column("handshake.version")

    @cached_property
    def random(self) -> Column:
        """Return the randoms of the hellos, in hexadecimal."""
        return self._column("handshake.random", Kind.TEXT)

    @cached_property
    def session_id(self) -> Column:
        """Return the session ids of the hellos, in hexadecimal."""
        return self._column("handshake.session_id", Kind.TEXT)

    @cached_property
    def cipher_suite(self) -> Column:
        """Return the cipher suites of the hellos."""
        return self._column("handshake.ciphersuite")

    @cached_property
    def extension_type(self) -> Column:
        """Return the extensions of the messages."""
        return self._column("handshake.extension.type")

    @cached_property
    def supported_version(self) -> Column:
        """Return the versions of the supported_versions extensions."""
        return self._column("handshake.extensions.supported_version")

    @cached_property
    def server_name(self) -> Column:
        """Return the server name (SNI)."""
        return self._column("handshake.extensions_server_name", Kind.TEXT, many=False)

    @cached_property
    def alpn(self) -> Column:
        """Return the application protocols (ALPN)."""
        return self._column("handshake.extensions_alpn_str", Kind.TEXT)

    @cached_property
    def group(self) -> Column:
        """Return the groups of the supported_groups extension."""
        return self._column("handshake.extensions_supported_group")

    @cached_property
    def key_share(self) -> Column:
        """Return the groups of the key shares; a ServerHello has one."""
        return self._column("handshake.extensions_key_share_group")

    @cached_property
    def retry_group(self) -> Column:
        """Return the group that a HelloRetryRequest asks for."""
        return self._column("handshake.extensions_key_share_selected_group", many=False)

    @cached_property
    def signature(self) -> Column:
        """Return the signature schemes of hellos, certificate requests and signed messages."""
        return self._column("handshake.sig_hash_alg")

    @cached_property
    def selected_psk(self) -> Column:
        """Return which pre-shared key the server took."""
        return self._column("handshake.extensions.psk.identity.selected", many=False)

    @cached_property
    def certificate(self) -> Column:
        """Return the certificates, in hexadecimal DER."""
        return self._column("handshake.certificate", Kind.TEXT)

    @cached_property
    def alert_level(self) -> Column:
        """Return the levels of the alerts that can be read."""
        return self._column("alert_message.level")

    @cached_property
    def alert_description(self) -> Column:
        """Return the descriptions of the alerts that can be read."""
        return self._column("alert_message.desc")

    @cached_property
    def hello(self) -> tuple[Column, ...]:
        """Return the fields of the hellos."""
        return (
            self.handshake_type, self.version, self.random, self.session_id, self.cipher_suite, self.extension_type,
            self.supported_version, self.server_name, self.alpn, self.group, self.key_share, self.retry_group,
            self.signature, self.selected_psk,
        )  # fmt: skip

    @cached_property
    def every(self) -> tuple[Column, ...]:
        """Return all fields that both have."""
        return (
            *self.hello, self.record_type, self.record_length, self.certificate, self.alert_level,
            self.alert_description,
        )  # fmt: skip


TLS, DTLS = Fields("tls"), Fields("dtls")
OPAQUE_TYPE = Column("tls.record.opaque_type", Kind.INT, many=True)
"""The content types that encrypted TLS 1.3 records show outside."""
JA3 = Column("tls.handshake.ja3")
"""Wireshark's JA3 fingerprint of the ClientHello."""
