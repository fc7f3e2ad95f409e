"""Error messages of programs, pasted as a question: put in words, and told from questions. Pure.

Rule: a class's name ("javax.net.ssl.SSLHandshakeException") is no host's; its words say what failed.
"""

import re

_CLASS = re.compile(
    r"(?<![\w.@/-])(?:[A-Za-z_$][\w$]*\.)+"
    r"(\w*(?i:exception|error|timeout|failure|warning)\w*|[A-Z]+[a-z]+[A-Z]\w*)(?![\w.-])",
)
"""A dotted name that ends as classes of errors do, or in CamelCase."""
_SOURCE = re.compile(r"[\w/\\.-]+\.(?:c|go|py|java|js|rb|cs):\d+")
"""A line of a program's source."""
_ALONE = re.compile(r"\b[A-Z]\w*[a-z](?:Exception|Error)\b")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CODES = re.compile(
    r"\bE(?:CONN(?:RESET|REFUSED|ABORTED)|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|AI_[A-Z]+)\b"
    r"|\b(?:ERR|DNS_PROBE|NT_STATUS|KRB5\w*|SSL_ERROR|SEC_ERROR|MOZILLA_PKIX_ERROR|UNABLE_TO|DEPTH_ZERO|CERT|CERTIFICATE)"
    r"_[A-Z0-9_]+\b"
)
_SAID = re.compile(
    r"\bcurl: \(\d+\)|\[errno -?\d+\]|\bmount error\(\d+\)|\berror:[0-9a-f]{8}|\brpc error\b|\bfatal:|\btraceback\b"
    r"|\bx509: |\bdial tcp\b|\bpanic: |\bexception\b|\bhttp: server gave\b"
    r"|\b(?:permission|access) (?:is )?denied\b|\blogin incorrect\b|\binvalid credentials\b|\bauthentication failed\b"
    r"|\bno such host\b|\bname or service not known\b"
    r"|\btemporary failure in name resolution\b|\bunknown (?:authority|host)\b"
    r"|\bself-?signed certificate in\b|\bunable to get local issuer\b|\bcertificate has expired\b"
    r"|\bcertificate verify failed\b|\bforcibly closed\b|\bclosed by (?:remote host|foreign host)\b"
    r"|\bclosed connection without response\b|\bbroken pipe\b|\bi/o timeout\b|\bdeadline exceeded\b"
    r"|\bwrong version number\b|\bunsupported or unrecognized\b|\b(?:was sent|sent an http request) to (?:an )?https\b"
    r"|\boutstanding read data\b|\bunexpected eof\b|\bcould not create ssl\b|\bempty reply from\b"
    r"|\bcommunications link failure\b|\bactively refused it\b|\bdid not properly respond\b|\bsocket hang ?up\b"
    r"|\bconnection (?:reset by peer|refused|aborted|timed out)\b|\bhost key verification failed\b"
    r"|\bclosed the connection unexpectedly\b|\babnormal closure\b|\btransport is closing\b",
    re.IGNORECASE,
)
_ASKS = r"(?:which|who|whose|where|when|how|is|are|was|were|does|do|did|has|have)\b"
_QUESTION = re.compile(rf"^\s*(?:what\b|can\b|{_ASKS})|[.,;:!-]\s+{_ASKS}.*\?", re.IGNORECASE | re.DOTALL)
"""A text that begins with a question, or a message that one follows; "can you check this?" asks for nothing else."""


def in_words(text: str) -> str:
    """Return the text with the names of classes as words ("ssl handshake exception"), and without lines of source."""
    in_full = _CLASS.sub(lambda name: _words(name[1]), _SOURCE.sub("", text))
    return _ALONE.sub(lambda name: _words(name[0]), in_full)


def is_message(text: str) -> bool:
    """Return whether a text holds what a program said when it failed, and asks for nothing else."""
    return not _QUESTION.search(text) and bool(_CODES.search(text) or _SAID.search(text))


def _words(name: str) -> str:
    return f" {_HUMP.sub(' ', name).replace('_', ' ').lower()} "
