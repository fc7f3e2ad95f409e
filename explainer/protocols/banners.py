"""Which protocol the first bytes of a stream belong to, by what its first words must be."""

import re

_TLS = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_SSL2 = re.compile(rb"[\x80-\xff].\x04", re.DOTALL)
# By the words that the protocols begin with: RFC 9112, 4253, 5321, 959, 9051, 1939, 7826, 3261, 4511; the protocol
# descriptions of MySQL, PostgreSQL, Redis, Cassandra, memcached, git and rsync; MQTT 3.1.1 section 3.1, MS-TDS 2.2.6.5,
# MS-RDPBCGR 2.2.1.1, Kafka's ApiVersions; the first that fits counts.
_FIRST_WORDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    # Other protocols have commands of these names (GET, DELETE): a request's target begins so, or its version follows.
    ("HTTP", re.compile(
        rb"HTTP/\d|(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE) (?:/|\*\s|https?:|[^\r\n]+ HTTP/\d)"
        rb"|CONNECT \S+:\d+\s"
    )),
    ("HTTP", re.compile(rb"\s*<(?:!doctype )?html", re.IGNORECASE)),
    ("HTTP/2", re.compile(rb"PRI \* HTTP/2")),
    # The server's preface: SETTINGS of the connection, not empty, without a flag (RFC 9113, sections 3.4 and 6.5).
    ("HTTP/2", re.compile(rb"\x00\x00[\x06-\x7f]\x04\x00\x00\x00\x00\x00", re.DOTALL)),
    ("SSH", re.compile(rb"SSH-\d")),
    ("SMTP", re.compile(rb"220[ -][^\r\n]*(?:SMTP|mail)", re.IGNORECASE)),
    ("SMTP", re.compile(rb"(?:250[ -]|EHLO |HELO |5\d\d 5\.\d\.\d )")),
    ("FTP", re.compile(rb"220[ -][^\r\n]*(?:FTP|FileZilla)", re.IGNORECASE)),
    ("SMTP or FTP", re.compile(rb"(?:220|421|500|502|530|554)[ -]")),
    ("IMAP", re.compile(rb"\* (?:OK|BAD|BYE|PREAUTH)|(?:\S+ BAD )")),
    ("Redis", re.compile(rb"-(?:ERR (?:unknown command|wrong number|Protocol error)|NOAUTH|DENIED)")),
    # A bare "+OK" is Redis's: POP3's greeting says more (RFC 1939, section 4).
    ("POP3", re.compile(rb"(?:\+OK[ \t]|-ERR)")),
    ("RTSP", re.compile(rb"RTSP/\d")),
    ("SIP", re.compile(rb"SIP/2\.0 ")),
    ("VNC", re.compile(rb"RFB \d{3}\.\d{3}")),
    ("AMQP", re.compile(rb"AMQP[\x00-\x03]")),
    ("MySQL", re.compile(rb".{3}[\x00-\x02](?:\x0a[0-9]|\xff)", re.DOTALL)),
    ("PostgreSQL", re.compile(rb"[ER]\x00\x00\x00.[SRCF]", re.DOTALL)),
    ("Telnet", re.compile(rb"\xff[\xfb-\xfe]")),
    ("SMB", re.compile(rb"\x00.{3}[\xff\xfe]SMB", re.DOTALL)),
    ("PostgreSQL", re.compile(rb"\x00\x00[\x00-\x02].(?:\x00\x03\x00\x00|\x04\xd2\x16[\x2e-\x30])", re.DOTALL)),
    ("Redis", re.compile(rb"\*\d{1,6}\r\n\$\d+\r\n")),
    ("MQTT", re.compile(rb"\x10.{1,4}?\x00(?:\x04MQTT|\x06MQIsdp)", re.DOTALL)),
    ("LDAP", re.compile(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x84.{4})\x02\x01.[\x60\x61\x63\x77\x78]", re.DOTALL)),
    ("SQL Server", re.compile(rb"\x12\x01\x00.\x00\x00[\x00\x01]\x00\x00", re.DOTALL)),
    # A request with the parameters of ISO 8073 (C0 to C2) is another protocol's over COTP, such as S7's.
    ("RDP", re.compile(rb"\x03\x00\x00.[^\x00]\xe0\x00\x00(?!...[\xc0-\xc2])", re.DOTALL)),
    ("Cassandra", re.compile(rb"[\x03-\x05]\x00..[\x01\x05]\x00\x00", re.DOTALL)),
    ("Kafka", re.compile(rb"\x00\x00..\x00\x12\x00[\x00-\x05].{4}\x00", re.DOTALL)),
    # Modbus over TCP: protocol number 0, as long as it says, a public function (Modbus Messaging 1.0b, section 3.1.3).
    ("Modbus", re.compile(rb"..\x00\x00\x00(?:\x06.[\x01-\x06]....|\x05.[\x01-\x04]...)", re.DOTALL)),
    ("NATS", re.compile(rb"INFO \{\"")),
    ("rsync", re.compile(rb"@RSYNCD: ")),
    ("git", re.compile(rb"[0-9a-f]{4}(?:git-(?:upload|receive)-pack |ERR )")),
    ("memcached", re.compile(
        rb"(?:gets? \S+|(?:set|add|replace) \S+ \d+ -?\d+ \d+|stats|version|delete \S+|incr \S+ \d+)\r\n"
    )),
)  # fmt: skip
LAYERS = {
    "HTTP": "http", "HTTP/2": "http2", "SSH": "ssh", "SMTP": "smtp", "FTP": "ftp", "SMTP or FTP": "ftp", "IMAP": "imap",
    "Redis": "resp", "POP3": "pop", "RTSP": "rtsp", "SIP": "sip", "VNC": "vnc", "AMQP": "amqp", "MySQL": "mysql",
    "PostgreSQL": "pgsql", "Telnet": "telnet", "SMB": "smb", "MQTT": "mqtt", "LDAP": "ldap", "SQL Server": "tds",
    "RDP": "rdp", "Cassandra": "cql", "Kafka": "kafka", "rsync": "rsync", "git": "git", "memcached": "memcache",
    "Modbus": "modbus", "NATS": "nats",
}  # fmt: skip
"""The protocols as layers of frame.protocols."""
_TEXT = re.compile(rb"[\t\r\n -~]{8,}")


def spoken(data: bytes) -> str:
    """Return the protocol's name; "plain text" for other text, nothing for what is neither."""
    if _TLS.match(data) or _SSL2.match(data):
        return "TLS"
    for name, first_words in _FIRST_WORDS:
        # Modbus says little: what is longer is another protocol.
        if first_words.fullmatch(data) if name == "Modbus" else first_words.match(data):
            return name
    return "plain text" if _TEXT.fullmatch(data[:64]) else ""
