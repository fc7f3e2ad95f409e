"""Secrets that a line of text may hold: masked before they enter an analysis, and in whatever is sent to a model."""

import re

MASK = "[secret]"
_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|pin|secret|token|api[_-]?key|access[_-]?key|auth|session(?:[_-]?id)?|sid|jwt|otp"
    r"|sig(?:nature)?"
)
_MECHANISMS = "PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|XOAUTH2?|OAUTHBEARER|SCRAM-SHA-(?:1|256)|NTLM|GSSAPI|EXTERNAL"
"""SASL's: behind the first of them stands a secret where a client sends it, the next one where a server lists them."""
_SECRETS = (
    re.compile(rf"(?i)(?<![a-z])((?:[\w.-]*[_.-])?(?:{_NAMES})=)[^\s&;,\"'<>)]+"),
    re.compile(rf"(?i)(\"(?:[\w.-]*[_.-])?(?:{_NAMES})\"\s*:\s*\")[^\"]*"),
    re.compile(r"(?i)\b((?:proxy-)?authorization\s*[:=]\s*).+"),
    re.compile(r"(?i)\b((?:set-)?cookie\s*[:=]\s*).+"),
    re.compile(r"(?i)\b((?:basic|bearer|digest|negotiate|ntlm)\s+)(?=[a-z]*[0-9+/=_~-])[A-Za-z0-9+/._~-]{8,}=*"),
    re.compile(r"\b((?:[Bb]asic|[Bb]earer)\s+)(?=\w*[a-z][A-Z])\w{6,}"),
    re.compile(r"\b(PASS[: ]\s*)\S+"),
    re.compile(rf"\b(AUTH\s+(?:{_MECHANISMS})\s+)(?!(?:{_MECHANISMS}|\[secret\])(?![\w-]))[^\s<]+"),
    # As Wireshark's packet list shows the lines of mail, files and Redis: after these commands, or in base64 alone.
    re.compile(r"(?i)((?:\bRequest|\bC): (?:\S+ )?(?:(?:AUTH|AUTHENTICATE|LOGIN|APOP|PASS) |(?:User|Pass): )\s*).+"),
    re.compile(r"((?:\bRequest|\bC): )(?=\S*[a-z])(?=\S*[A-Z0-9])[A-Za-z0-9+/]{8,}={0,2}(?=\s|$)"),
    re.compile(r"(?i)\b(community[:=]\s*)\S+"),
    re.compile(r"(://)[^/\s@\"'<>]+(?=@)"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,2}"),
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
)


def masked(text: str) -> str:
    """Return the text with passwords, tokens, cookies and keys replaced by "[secret]"."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text
