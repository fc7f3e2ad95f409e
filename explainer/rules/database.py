"""Logins and statements that a database refuses: PostgreSQL, MySQL and MariaDB, SQL Server, Redis, MongoDB."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.database_meanings import FULL, MEANINGS, STATEMENT
from explainer.rules.database_words import by_words
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_PROBES = re.compile(r"unknown (?:sub)?command '?(?:HELLO|COMMAND|MAINT|SETINFO|SETNAME|TRACKING|NO-)", re.IGNORECASE)
"""Redis commands that clients' libraries try on their own: older servers do not know them, and all goes on."""
_TRIED = Meaning(
    "it is older than the client's library, which tries a command that this server does not know, and goes on without",
    "Nobody has to act.", Side.NOBODY, Severity.INFO,
)  # fmt: skip
_CLASSES = ("03", "0A", "20", "21", "22", "23", "26", "34", "3F", "42", "44", "P0")
"""Of PostgreSQL's errors (Appendix A of its manual) those that a statement, a function or its data make."""
_OTHER = Meaning(
    "it ends a statement with an error", "Read the server's words: they say what has to be corrected.", Side.EITHER,
    Severity.MEDIUM,
)  # fmt: skip
DATABASES = ("PostgreSQL", "MySQL", "SQL Server", "Redis", "MongoDB")
_MOVED = "MOVED"
_NOT_FOLLOWED = Meaning(
    "the key lives on another node of the cluster, which this client does not ask, as far as this capture shows",
    "The client must be set to cluster mode (or use a library that knows clusters), or ask the right node.",
    Side.CLIENT,
)
_LEFT = "MySQL", "1158"  # ER_NET_READ_ERROR
_ENDINGS = ("25P03", "25P04", "57P01", "57P02", "57P04", "57P05", "4031", "1053")
"""What is told by nobody's request, and ends the session: PostgreSQL's classes 25 and 57, MySQL's."""


def meaning(reply: Reply) -> Meaning | None:
    """Return what a database's refusal means, None where it is none."""
    means = by_words(reply.protocol, reply.code, reply.text) or MEANINGS.get((reply.protocol, reply.code))
    if reply.protocol == "Redis" and _PROBES.search(reply.text):
        return _TRIED
    if means is None and reply.kind is Kind.LOGIN and reply.protocol != "Redis":
        return Meaning(
            "it refuses the login", "Read the server's words: they say what has to be corrected.", Side.EITHER
        )
    if means is None and reply.kind is Kind.QUERY and reply.protocol != "SQL Server":
        return STATEMENT if _of_the_statement(reply) else _OTHER
    return means


def _of_the_statement(reply: Reply) -> bool:
    """Return whether an error says that the statement or its data are wrong; only PostgreSQL's numbers tell."""
    return reply.protocol != "PostgreSQL" or reply.code[:2] in _CLASSES


def _told(reply: Reply) -> str:
    server = f"The database {reply.server.address} ({reply.protocol})"
    if reply.kind is Kind.LOGIN and (reply.protocol, reply.code) == _LEFT:
        return (
            f"{server} cannot finish the login{f' of {reply.about}' if reply.about else ''} from {reply.client.address}"
        )
    if reply.kind is Kind.LOGIN:
        return f"{server} refuses the login{f' of {reply.about}' if reply.about else ''} from {reply.client.address}"
    if reply.code in _ENDINGS:
        return f"{server} ends the session of {reply.client.address}"
    if reply.protocol == "Redis" and (reply.code.endswith("DENIED") or meaning(reply) is FULL):
        return f"{server} turns {reply.client.address} away"
    return f"{server} refuses a statement of {reply.client.address}"


_DATABASES = Family("database_refused", "(pgsql || mysql || tds || resp || tcp.port == 27017)", _told, meaning)


@rule("Database refuses", replies, connections, subject=SUBJECT, area=AREA)
def database_refused(facts: Facts, *, min_moved: int = 2) -> Iterator[Finding]:
    """An error of a database to a login (high), or to a statement (medium).

    Of PostgreSQL, MySQL and MariaDB, SQL Server and Redis; of MongoDB where it is among the first that a connection
    says. A client of a Redis cluster that is sent on to another node `min_moved` times, and connects to none of those
    in the whole capture, knows no clusters.
    """
    told = [reply for reply in facts[replies] if reply.protocol in DATABASES]
    lost = _not_followed(told, facts[connections], min_moved)
    family = _DATABASES._replace(meaning=lambda reply: _NOT_FOLLOWED if reply.frame in lost else meaning(reply))
    yield from refusals(told, family)


def _not_followed(told: Sequence[Reply], every: Sequence[Connection], min_moved: int) -> set[int]:
    """Return the frames in which clients are sent on (MOVED), of those that then ask none of the nodes named."""
    moved = defaultdict[str, list[Reply]](list)
    for reply in told:
        if reply.protocol == "Redis" and reply.code == _MOVED:
            moved[reply.client.address].append(reply)
    if not moved:
        return set()
    asked = {(c.client.address, str(c.server)) for c in every if c.client.address in moved}
    return {
        reply.frame
        for client, group in moved.items()
        if len(group) >= min_moved and not any((client, reply.text.rpartition(" ")[2]) in asked for reply in group)
        for reply in group
    }
