import pytest
from factories import tls_alert
from talk import client_hello

from explainer.protocols.banners import spoken

FIRST_WORDS = [
    ("TLS", client_hello()),
    ("TLS", tls_alert(2, 40)),
    ("TLS", b"\x80\x2e\x04\x00\x01"),
    ("HTTP", b"GET / HTTP/1.1\r\n"),
    ("HTTP", b"OPTIONS * HTTP/1.1\r\n"),
    ("HTTP", b"GET index.html HTTP/1.0\r\n"),
    ("HTTP", b"CONNECT shop.example:443 HTTP/1.1\r\n"),
    ("plain text", b"GET session 17\r\n"),  # Redis and others, in one line
    ("HTTP", b"HTTP/1.0 400 Bad Request\r\n"),
    ("HTTP", b"\n<!DOCTYPE HTML PUBLIC>"),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/2", b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
    ("", b"\x00\x00\x06\x04\x01\x00\x00\x00\x00\x00\x03"),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("SMTP", b"220 mail.example ESMTP\r\n"),
    ("SMTP", b"EHLO client.example\r\n"),
    ("FTP", b"220 (vsFTPd 3.0.3)\r\n"),
    ("SMTP or FTP", b"220 ready\r\n"),
    ("IMAP", b"* OK ready\r\n"),
    ("POP3", b"+OK ready\r\n"),
    ("", b"+OK\r\n"),  # Redis, after a command in one line
    ("Redis", b"-ERR unknown command\r\n"),
    ("POP3", b"-ERR invalid command\r\n"),
    ("RTSP", b"RTSP/1.0 400 Bad Request\r\n"),
    ("SIP", b"SIP/2.0 400 Bad Request\r\n"),
    ("VNC", b"RFB 003.008\n"),
    ("AMQP", b"AMQP\x00\x00\x09\x01"),
    ("MySQL", b"\x4a\x00\x00\x00\x0a8.0.30\x00"),
    ("PostgreSQL", b"E\x00\x00\x00\x20SFATAL\x00"),
    ("Telnet", b"\xff\xfd\x18"),
    ("SMB", b"\x00\x00\x00\x45\xffSMBr"),
    ("plain text", b"What do you mean?\r\n"),
    ("", b"hello"),
    ("", b"\x00\x01\x02\x03\x04\x05\x06\x07\x08"),
    ("", b""),
]


@pytest.mark.parametrize(("protocol", "data"), FIRST_WORDS, ids=[repr(data[:12]) for _, data in FIRST_WORDS])
def test_a_protocol_is_known_by_its_first_words(protocol: str, data: bytes) -> None:
    assert spoken(data) == protocol
