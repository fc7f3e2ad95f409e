"""HTTP requests that carry what attacks are made of: SQL, paths out of the web's root, scripts, commands.

Rule: of a request's query and headers only the part that gives the attack away is kept.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_plus

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http_again import http_frames
from explainer.protocols.http_messages import ASKING_HEADERS, METHOD, TARGET

_KEPT = 60
SCANNER = "a scan for holes by a known program"
_ROUNDS = 2  # attackers encode twice to get past filters


class Kind(NamedTuple):
    """A kind of attack: its name with an article, and what gives it away in a target or a header."""

    name: str
    target: re.Pattern[str] | None = None
    header: re.Pattern[str] | None = None


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


KINDS = (
    Kind(
        "a Log4Shell attack (CVE-2021-44228)",
        _pattern(r"\$\{\s*(?:jndi:|\$\{|(?:lower|upper|env|sys|date|::-)[:-])"),
        _pattern(r"\$\{\s*(?:jndi:|(?:lower|upper|::-)[:-])"),
    ),
    Kind("a Shellshock attack (CVE-2014-6271)", _pattern(r"\(\)\s*\{[^}]{0,40};\s*\}\s*;"),
         _pattern(r"\(\)\s*\{[^}]{0,40};\s*\}\s*;")),
    Kind("an attack on Apache Struts (OGNL injection)", _pattern(r"%\{\(#|#_memberaccess|\$\{\(#a="),
         _pattern(r"%\{\(#|#_memberaccess")),
    Kind(
        "an SQL injection",
        _pattern(
            # A quote is closed and a condition added that is always true or false: of numbers, or of equal words.
            r"['\")%]\s*(?:or|and|\|\|)\s+['\"(]*\d+['\")]*\s*(?:=|like\b|<|>)\s*['\"(]*\d"
            r"|['\"]\s*(?:or|and)\s+['\"](\w+)['\"]\s*=\s*['\"]\1|\b(?:or|and)\s+(\d+)\s*=\s*\2\b"
            r"|\bunion\s+(?:all\s+|distinct\s+)?select\b|;\s*(?:drop|insert|update)\s+"
            r"(?:table|into)\b|\b(?:sleep|benchmark|pg_sleep|extractvalue|updatexml|load_file)\s*\(\s*['\"\d(]"
            r"|\bwaitfor\s+delay\b|\binformation_schema\b|\bxp_cmdshell\b|\binto\s+(?:out|dump)file\b"
        ),
    ),
    Kind(
        "a path traversal",
        _pattern(r"(?:\.\.[/\\]){3,}[\w./\\-]*|/etc/(?:passwd|shadow)\b|\b(?:win|boot)\.ini\b|\.\.(?:%c0%af|%255c)[\w.]"),
    ),
    Kind(
        "cross-site scripting (XSS)",
        _pattern(r"<\s*script\b|<\s*(?:img|svg|body|iframe)\b[^>]*\bon\w+\s*=|\bjavascript:\s*(?!void)\w+\("),
    ),
    Kind(
        "a command injection",
        _pattern(
            r"(?:[;|`]|&&|\$\()\s*(?:cat|ls|wget|curl|nc|bash|sh|uname|rm|chmod|ping|powershell|cmd)\s+[-/\w.]"
            r"|(?:[;|`]|&&|\$\()\s*(?:id|ls|whoami|uname|ifconfig)\s*(?:$|[;`)])"
            r"|\bcmd\.exe\b|\broot\.exe\b|/bin/(?:ba)?sh\b|\bbash\s+-i\b"
        ),
    ),
    Kind(
        "an injection of PHP code",
        _pattern(r"<\?php|\bphp://(?:input|filter)|eval-stdin\.php|\ballow_url_include\b|\binvokefunction\b"),
    ),
    Kind("an attack of the worm Code Red", _pattern(r"/default\.ida\?[NX]{20}")),
    Kind(
        SCANNER,
        header=_pattern(
            r"^user-agent:[^\r\n]*\b(?:sqlmap|nikto|nessus|nmap scripting engine|masscan|zgrab|dirbuster|gobuster"
            r"|wpscan|acunetix|openvas|w3af|havij|zmeu|morfeus|nuclei|hydra|dirb|arachni|netsparker)\b"
        ),
    ),
)  # fmt: skip


class Attempt(NamedTuple):
    """One request with an attack in it; `words` is what gives it away."""

    frame: int
    kind: str
    words: str


@fact("HTTP requests", http_frames)
def attempts(facts: Facts) -> tuple[Attempt, ...]:
    """Return the attempts in file order, each request under its first kind."""
    asked = (
        facts[http_frames]
        .filter(pl.col(METHOD.field).is_not_null())
        .select(column.field for column in (FRAME, METHOD, TARGET, ASKING_HEADERS))
    )
    found = []
    for frame, _, targets, lines in asked.iter_rows():
        attempt = next(_read(frame, targets or [], lines or []), None)
        if attempt:
            found.append(attempt)
    return tuple(found)


def _read(frame: int, targets: list[str], lines: list[str]) -> Iterator[Attempt]:
    asked = [_plain(target) for target in targets if target]
    for kind in KINDS:
        for pattern, texts in ((kind.target, asked), (kind.header, lines)):
            for text in texts if pattern else ():
                match = pattern.search(text) if pattern and text else None
                if match:
                    yield Attempt(frame, kind.name, " ".join(match[0].split())[:_KEPT])


def _plain(target: str) -> str:
    """Return the target as the server's program reads it."""
    for _ in range(_ROUNDS):
        target = unquote_plus(target)
    return target
