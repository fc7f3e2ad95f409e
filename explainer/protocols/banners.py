"""Which protocol the first bytes of a stream belong to, by what its first words must be."""

import re

_TLS = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_SSL2 = re.compile(rb"[\x80-\xff].\x04", re.DOTALL)
# By the words that the protocols begin with: RFC 9112, 4253, 5321, 959, 9051, 1939, 7826, 3261; MySQL and PostgreSQL's
# protocol descriptions; the first that fits counts.
_FIRST_WORDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("HTTP", re.compile(rb"(?:HTTP/\d|(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE) \S)")),
    ("HTTP", re.compile(rb"\s*<(?:!doctype )?html", re.IGNORECASE)),
    ("HTTP/2", re.compile(rb"PRI \* HTTP/2")),
    ("SSH", re.compile(rb"SSH-\d")),
    ("SMTP", re.compile(rb"220[ -][^\r\n]*(?:SMTP|mail)", re.IGNORECASE)),
    ("SMTP", re.compile(rb"(?:250[ -]|EHLO |HELO |5\d\d 5\.\d\.\d )")),
    ("FTP", re.compile(rb"220[ -][^\r\n]*(?:FTP|FileZilla)", re.IGNORECASE)),
    ("SMTP or FTP", re.compile(rb"(?:220|421|500|502|530|554)[ -]")),
    ("IMAP", re.compile(rb"\* (?:OK|BAD|BYE|PREAUTH)|(?:\S+ BAD )")),
    ("Redis", re.compile(rb"-(?:ERR (?:unknown command|wrong number|Protocol error)|NOAUTH|DENIED)")),
    ("POP3", re.compile(rb"(?:\+OK|-ERR)")),
    ("RTSP", re.compile(rb"RTSP/\d")),
    ("SIP", re.compile(rb"SIP/2\.0 ")),
    ("VNC", re.compile(rb"RFB \d{3}\.\d{3}")),
    ("AMQP", re.compile(rb"AMQP[\x00-\x03]")),
    ("MySQL", re.compile(rb".{3}[\x00-\x02](?:\x0a[0-9]|\xff)", re.DOTALL)),
    ("PostgreSQL", re.compile(rb"[ER]\x00\x00\x00.[SRCF]", re.DOTALL)),
    ("Telnet", re.compile(rb"\xff[\xfb-\xfe]")),
    ("SMB", re.compile(rb"\x00.{3}[\xff\xfe]SMB", re.DOTALL)),
)
_TEXT = re.compile(rb"[\t\r\n -~]{8,}")


def spoken(data: bytes) -> str:
    """Return the protocol's name; "plain text" for other text, nothing for what is neither."""
    if _TLS.match(data) or _SSL2.match(data):
        return "TLS"
    for name, first_words in _FIRST_WORDS:
        if first_words.match(data):
            return name
    return "plain text" if _TEXT.fullmatch(data[:64]) else ""
