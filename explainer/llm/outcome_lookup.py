"""What a question whether something worked asks for: the answers of the service that it names, or of all."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

from explainer.brief.question import Question, Topic
from explainer.llm import (
    call_lookup,
    health,
    host_outcome,
    names_outcome,
    network_lookup,
    talk_lookup,
    tcp_lookup,
    tls_outcomes,
)
from explainer.llm.rows import Row
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim
from explainer.wording import count

_ROWS = 5
_FIRST_REDIRECTION = 300  # RFC 9110, section 15
_WHO = re.compile(r"\s*(who|whose|which|what)\b", re.IGNORECASE)
_AGREED = ("key exchange", "negotiate")
"""What is agreed on before a login, and says nothing of it."""
_SENDS = re.compile(r"\b(upload\w*|posts?|posted|submit\w*|send|sent)\b", re.IGNORECASE)
UNBIDDEN = ("/favicon.ico", "/robots.txt", "/apple-touch-icon", "/browserconfig.xml", "/.well-known/")
_STANDARD = frozenset(HTTPStatus)
_STATUS = re.compile(r"(?<!\d\.)\b[1-5]\d\d\b(?!\.\d)")  # no part of an address
_SENDING = ("POST", "PUT", "PATCH")


def outcomes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what was answered with yes: by the service that the question names, where there is such an answer."""
    asks_whose = Topic.ACCOUNTS in question.topics and _WHO.match(question.text)
    if asks_whose or Topic.LOGIN in question.topics:  # looked up by themselves
        return
    named = of_services(analysis, question)
    if named:
        yield from named
        return
    own = list(host_outcome.well(analysis, question))
    if own:
        yield from own
        return
    yield from health.accepted(analysis, beside=_left_out(question))
    yield from health.leases(analysis)
    if Topic.ACCOUNTS not in question.topics:  # a login is asked about, not a page
        yield from web(analysis, question)


def of_services(analysis: Analysis, question: Question) -> list[Claim]:
    """Return what worked of the services that the question names."""
    return [claim for words, told in _NAMED if words.search(question.text) for claim in told(analysis, question)]


def went_well(analysis: Analysis, question: Question) -> list[Claim]:
    """Return, to who asks why something fails that did not fail here, what was answered of that: the services' first.

    Of hosts that are named it says nothing: what others took is no answer.
    """
    asked = question.about_a_fault or question.topics & _STATES or _IS_WELL.search(question.text)
    if question.names_hosts() or question.ports or not asked:
        return []
    spoken = call_lookup.calls(analysis, question) if _CALLS.search(question.text) else ()
    unbroken = tcp_lookup.not_reset(analysis) if Topic.RESETS in question.topics else ()
    tunnels = network_lookup.vpns(analysis, replace(question, about_a_fault=False))
    through = tunnels if Topic.TUNNELS in question.topics else ()
    told = [*spoken, *unbroken, *through, *of_services(analysis, question)]
    if not told and _ERRORS.search(question.text):
        told = list(web(analysis, question))
    if not told and _CONNECTS.search(question.text):
        told = list(health.answered_connections(analysis))
    return [claim.model_copy(update={"text": _plainly(claim.text)}) for claim in told]


_IS_WELL = re.compile(r"^\s*(?:is|are)\b.*\b(?:ok(?:ay)?|fine|healthy|well|alright)\b", re.IGNORECASE)
_STATES = {Topic.SILENCE, Topic.RESETS}
_CALLS = re.compile(r"\b(?:calls?|calling|phones?|voip|sip)\b", re.IGNORECASE)
_ERRORS = re.compile(r"\berrors?\b", re.IGNORECASE)
_CONNECTS = re.compile(
    r"\b(?:connect\w*|reach\w*|unreachable|down|offline|reset\w*|drop\w*|clos\w+|servers?)\b", re.IGNORECASE
)
_BEGINNING = re.compile(r"(?:Yes, |No fault was found: )(\w)")


def _plainly(text: str) -> str:
    """Return it without the "yes" to a question whether it works, which is not asked."""
    return _BEGINNING.sub(lambda found: found[1].upper(), text, count=1)


def web(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that HTTP requests were answered, where none met an error; of those that send where sending is asked."""
    every = [row for row in _rows(analysis.stat("http")) if row["method"] and row["status"]]
    # What browsers ask for unbidden, such as a site's icon, is no page that somebody misses.
    rows = [row for row in every if row["status"] < health.FIRST_ERROR or not row["path"].startswith(UNBIDDEN)]
    if _SENDS.search(question.text):
        rows = [row for row in rows if row["method"] in _SENDING]
    if not rows:
        yield from tls_outcomes.transfers(analysis)
    elif all(row["status"] < health.FIRST_ERROR for row in rows):
        last = rows[-1]
        more = f" {count(len(rows) - 1, 'request')} before it met no error either." if len(rows) > 1 else ""
        how = "succeeded: it was answered" if last["status"] < _FIRST_REDIRECTION else "was answered"
        text = f"No fault was found: {last['method']} {last['path']} {how} with HTTP {last['status']}."
        frames = tuple(frame for row in rows[-_ROWS:] for frame in _frames(row, "request_frame", "response_frame"))
        yield Claim(text=f"{text}{more}", frames=frames, sources=("http",))


def status_codes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield with which status codes web servers answered: with that which the question names, or with all."""
    rows = [row for row in _rows(analysis.stat("http")) if row["status"]]
    asked = {int(code) for code in _STATUS.findall(question.text)}
    groups = defaultdict[tuple[str, int], list[Row]](list)
    named = [row for row in rows if row["status"] in asked]
    if asked and not named and question.about_a_fault:  # it was met elsewhere: other answers do not explain it
        return
    for row in named or rows:
        groups[row["host"] or row["server"], row["status"]].append(row)
    for (host, status), group in list(groups.items())[:_ROWS]:
        first = group[0]
        what = f"{first['method']} {first['path']}" if first["method"] else "a request"
        more = f" ({count(len(group), 'time')})" if len(group) > 1 else ""
        text = f"{host} answers {what} with HTTP {status}{_meaning(status)}{more}"
        frames = tuple(frame for row in group[:_ROWS] for frame in _frames(row, "request_frame", "response_frame"))
        yield Claim(text=f"{text}.", frames=frames, sources=("http",))


def _meaning(status: int) -> str:
    return f" ({HTTPStatus(status).phrase})" if status in _STANDARD else ""


def _accepts(*protocols: str) -> Callable[[Analysis, Question], Iterator[Claim]]:
    return lambda analysis, question: health.accepted(analysis, protocols, _left_out(question))


def _left_out(question: Question) -> tuple[str, ...]:
    return _AGREED if Topic.ACCOUNTS in question.topics else ()


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_NAMED: tuple[tuple[re.Pattern[str], Callable[[Analysis, Question], Iterator[Claim]]], ...] = (
    (_words(r"ping\w*|icmp\w*"), lambda analysis, question: health.pings(analysis, question.addresses)),
    (_words(r"quic|http/3"), lambda analysis, question: health.quic_connections(analysis)),
    (_words(r"handshakes?"), tls_outcomes.handshakes),
    (_words(r"d?tls|ssl|https"), lambda analysis, question: health.handshakes(analysis)),
    (_words(r"dns|names?|resol\w+|look(?:ed|s|ing)?[ -]?ups?"), names_outcome.working),
    (_words(r"dhcp\w*|leases?"), lambda analysis, question: health.leases(analysis)),
    (_words(r"e?-?mails?|smtp|imap|pop3?|mailbox\w*"), _accepts("SMTP", "IMAP", "POP3")),
    (_words(r"nfs|mount\w*"), _accepts("NFS")),
    (_words(r"ppp\w*|dial\w*"), _accepts("PPP")),
    (_words(r"ldap|directory"), _accepts("LDAP")),
    (_words(r"kerberos|kinit|tickets?"), _accepts("Kerberos")),
    (_words(r"smb|cifs|shares?|file servers?"), _accepts("SMB")),
    (_words(r"s?ftp"), _accepts("FTP", "TFTP")),
    (_words(r"ssh"), _accepts("SSH")),
    (_words(r"rdp|remote desktop"), _accepts("RDP")),
    (_words(r"vnc"), _accepts("VNC")),
    (_words(r"radius"), _accepts("RADIUS")),
    (_words(r"ntp|clocks?"), _accepts("NTP")),
    (_words(r"sip|phones?|calls?|regist\w+"), _accepts("SIP")),
    (_words(r"databases?|\w*sql|mariadb|redis|mongo\w*"), _accepts("MySQL", "PostgreSQL", "SQL Server", "Redis")),
    (_words(r"mqtt|amqp|brokers?|kafka"), _accepts("MQTT", "AMQP", "Kafka", "NATS")),
    (_words(r"downloads?|downloaded|uploads?|uploaded|transfers?|transferred|files?"), talk_lookup.moved),
    (
        _words(r"web\w*|pages?|sites?|https?|apis?|cors|preflights?|downloads?|downloaded|uploads?|uploaded|requests?"),
        web,
    ),
)
"""By the words of a question, what tells whether that worked."""
