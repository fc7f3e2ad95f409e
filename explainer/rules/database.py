"""Logins and statements that a database refuses: PostgreSQL, MySQL and MariaDB, SQL Server, Redis, MongoDB."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WRONG = Meaning(
    "user name or password is wrong", "The client's side must correct user name or password, or the account must be"
    " created.", Side.CLIENT,
)  # fmt: skip
_DENIED = Meaning(
    "user name or password is wrong, or the account may not log in from this address or without TLS",
    "The client's side must correct user name or password (or switch TLS on), or the account must be created for it.",
    Side.CLIENT,
)  # fmt: skip
_NOT_FROM_HERE = Meaning(
    "it does not let this client or user in", "The database's side must allow this user from this address.", Side.SERVER
)  # fmt: skip
_NO_DATABASE = Meaning(
    "there is no such database", "The client's side must correct the database's name, or it must be created.",
    Side.CLIENT,
)  # fmt: skip
_FULL = Meaning(
    "it has no connection left", "The database's side must allow more connections, or programs must give theirs back.",
    Side.SERVER, advice=("See who holds the connections: a pool that leaks, or too many processes.",),
)  # fmt: skip
_NOT_READY = Meaning("it is starting, stopping or recovering", "Wait, or see the database's log.", Side.SERVER)
_NOT_ALLOWED = Meaning(
    "the user may not do this", "The database's side must grant the right.", Side.EITHER, Severity.MEDIUM
)
_STATEMENT = Meaning(
    "the statement is wrong, or does not fit the data", "The program that sends the statement must correct it.",
    Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_TAKES_LONG = Meaning(
    "the statement took longer than is allowed, and was stopped",
    "The program's or the database's side must make the statement quicker (an index, less data), or allow more time.",
    Side.EITHER, Severity.MEDIUM, ("See what the database did in that time: its slow query log, and who holds locks.",),
)  # fmt: skip
_LOCKED = Meaning(
    "it waited too long for a lock that another session holds",
    "Whoever holds the lock must finish its transaction; the program should try again.", Side.CLIENT, Severity.MEDIUM,
    ("See which session holds the lock: a transaction that was left open, most often.",),
)  # fmt: skip
_DEADLOCK = Meaning(
    "two transactions wait for each other (deadlock), and it ended one of them",
    "The program must try the transaction again, and take its locks in one order.", Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_EXISTS = Meaning(
    "the data breaks a rule of the table (a key that exists already, or a reference that is missing)",
    "The program that sends the statement must correct it.", Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_NO_TABLE = Meaning(
    "there is no such table or column", "The statement must be corrected, or the table be created (a migration that did"
    " not run?).", Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_IDLE = Meaning(
    "the session was idle for longer than is allowed, and the database ended it",
    "The program must end its transactions and give idle connections back, or test them before it uses them; or the"
    " database's side must allow more time.", Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_READ_ONLY = Meaning(
    "it takes no writes (read only)", "The client must write to the primary, or the database's side must allow writes.",
    Side.EITHER,
)  # fmt: skip
_TOO_LARGE = Meaning(
    "what was sent is larger than it takes at once",
    "The program must send less at once, or the database's side must raise its limit (max_allowed_packet).",
    Side.EITHER, Severity.MEDIUM,
)  # fmt: skip
_NEEDS_TLS = Meaning(
    "it does not let this client or user in without encryption, as its words say (no line of pg_hba.conf fits)",
    "The client must switch TLS on (sslmode=require), or the database's side must allow this user, database and address"
    " without it in pg_hba.conf.", Side.EITHER,
)  # fmt: skip
_NO_ROOM = Meaning("it has no room left", "The database's side must make room on its disk.", Side.SERVER)
_MEANINGS = {
    ("PostgreSQL", "57014"): _TAKES_LONG,
    ("PostgreSQL", "25P03"): _IDLE, ("PostgreSQL", "57P05"): _IDLE,
    ("PostgreSQL", "25P04"): _TAKES_LONG, ("PostgreSQL", "25006"): _READ_ONLY,
    ("PostgreSQL", "57P02"): _NOT_READY, ("PostgreSQL", "57P04"): _NO_DATABASE,
    ("PostgreSQL", "55P03"): _LOCKED,
    ("PostgreSQL", "40P01"): _DEADLOCK,
    ("PostgreSQL", "40001"): _DEADLOCK,
    ("PostgreSQL", "23505"): _EXISTS,
    ("PostgreSQL", "23503"): _EXISTS,
    ("PostgreSQL", "23502"): _EXISTS,
    ("PostgreSQL", "42P01"): _NO_TABLE,
    ("PostgreSQL", "42703"): _NO_TABLE,
    ("PostgreSQL", "53100"): _NO_ROOM,
    ("PostgreSQL", "25P02"): Meaning(
        "an earlier statement of the transaction failed", "The program must roll the transaction back first.",
        Side.CLIENT, Severity.MEDIUM,
    ),
    # https://www.mongodb.com/docs/manual/reference/error-codes/
    ("MongoDB", "18"): _WRONG, ("MongoDB", "11"): _WRONG, ("MongoDB", "13"): _NOT_ALLOWED,
    ("MongoDB", "50"): _TAKES_LONG, ("MongoDB", "11000"): _EXISTS, ("MongoDB", "14031"): _NO_ROOM,
    ("MongoDB", "10107"): _READ_ONLY, ("MongoDB", "13435"): _READ_ONLY,
    ("MongoDB", "91"): _NOT_READY, ("MongoDB", "11600"): _NOT_READY,
    ("MySQL", "1205"): _LOCKED,
    ("MySQL", "1213"): _DEADLOCK,
    ("MySQL", "3024"): _TAKES_LONG,
    ("MySQL", "1969"): _TAKES_LONG,
    ("MySQL", "1317"): _TAKES_LONG,
    ("MySQL", "1062"): _EXISTS,
    ("MySQL", "1451"): _EXISTS,
    ("MySQL", "1452"): _EXISTS,
    ("MySQL", "1146"): _NO_TABLE,
    ("MySQL", "1054"): _NO_TABLE,
    ("MySQL", "1114"): _NO_ROOM,
    ("MySQL", "1021"): _NO_ROOM,
    ("MySQL", "1290"): _READ_ONLY, ("MySQL", "1836"): _READ_ONLY, ("MySQL", "1792"): _READ_ONLY,
    ("MySQL", "1153"): _TOO_LARGE, ("MySQL", "4031"): _IDLE, ("MySQL", "1053"): _NOT_READY,
    ("MySQL", "3159"): Meaning("it takes connections over TLS only", "The client must switch TLS on.", Side.CLIENT),
    ("SQL Server", "1205"): _DEADLOCK,
    ("SQL Server", "1222"): _LOCKED,
    ("SQL Server", "208"): _NO_TABLE,
    ("SQL Server", "207"): _NO_TABLE,
    ("SQL Server", "2627"): _EXISTS,
    ("SQL Server", "547"): _EXISTS,
    ("SQL Server", "229"): _NOT_ALLOWED,
    ("SQL Server", "1105"): _NO_ROOM,
    ("SQL Server", "9002"): _NO_ROOM,
    ("Redis", "WRONGTYPE"): Meaning(
        "the key holds another kind of value than the command is for", "The program must use the right command or key.",
        Side.CLIENT, Severity.MEDIUM,
    ),
    ("Redis", "MOVED"): Meaning(
        "the key lives on another node of the cluster: clients that know clusters ask there",
        "Nobody, if the client follows; else it must be set to cluster mode.", Side.CLIENT, Severity.INFO,
    ),
    ("Redis", "ASK"): Meaning("the key moves to another node just now", "Nobody.", Side.NOBODY, Severity.INFO),
    ("Redis", "BUSY"): Meaning("a script runs too long", "The database's side must see to the script.", Side.SERVER),
    ("Redis", "MISCONF"): Meaning(
        "it cannot save to its disk, and so takes no writes", "The database's side must see to its disk.", Side.SERVER
    ),
    ("Redis", "CLUSTERDOWN"): Meaning("its cluster is down", "The database's side must act.", Side.SERVER),
    ("PostgreSQL", "28P01"): _WRONG,
    ("PostgreSQL", "28000"): Meaning(
        _NOT_FROM_HERE.cause, "The database's side must allow this user, database and address in pg_hba.conf.",
        Side.SERVER,
        advice=("In pg_hba.conf, add a line for the user, the database and the client's address; then reload.",),
    ),
    ("PostgreSQL", "3D000"): _NO_DATABASE,
    ("PostgreSQL", "53300"): _FULL,
    ("PostgreSQL", "57P03"): _NOT_READY,
    ("PostgreSQL", "57P01"): Meaning(
        "an administrator ended the session, or the database itself was told to stop", "See the database's log.",
        Side.SERVER,
    ),
    ("PostgreSQL", "42501"): _NOT_ALLOWED,
    ("MySQL", "1044"): Meaning(
        "the user may not use this database", "The database's side must grant it.", Side.SERVER
    ),
    ("MySQL", "1045"): _DENIED,
    ("MySQL", "1049"): _NO_DATABASE,
    ("MySQL", "1040"): _FULL,
    ("MySQL", "1203"): _FULL,
    ("MySQL", "1129"): Meaning(
        "it blocks this client after too many broken connections", "The database's side must unblock it (FLUSH HOSTS).",
        Side.SERVER,
    ),
    ("MySQL", "1130"): _NOT_FROM_HERE,
    ("MySQL", "1251"): Meaning(
        "client and server have no way to log in in common", "The client's program must be updated.", Side.CLIENT
    ),
    ("MySQL", "1158"): Meaning("the connection broke off", "See what happened to the connection.", Side.NETWORK),
    ("MySQL", "1142"): _NOT_ALLOWED,
    ("SQL Server", "18456"): _WRONG,
    ("SQL Server", "18452"): Meaning(
        "the login is from a domain that it does not trust", "Use a SQL login, or a user of a trusted domain.",
        Side.CLIENT,
    ),
    ("SQL Server", "18486"): Meaning("the account is locked", "An administrator must unlock it.", Side.SERVER),
    ("SQL Server", "18487"): Meaning("the password has expired", "The password must be changed.", Side.CLIENT),
    ("SQL Server", "18488"): Meaning("the password must be changed", "The password must be changed.", Side.CLIENT),
    ("SQL Server", "4060"): _NO_DATABASE,
    ("SQL Server", "40615"): Meaning(
        "its firewall does not allow this address", "Add the client's address to the server's firewall (Azure).",
        Side.SERVER,
    ),
    ("SQL Server", "17809"): _FULL,
    ("Redis", "NOAUTH"): Meaning("it wants a password first", "The client must log in (AUTH).", Side.CLIENT),
    ("Redis", "WRONGPASS"): _WRONG,
    ("Redis", "NOPERM"): _NOT_ALLOWED,
    ("Redis", "LOADING"): _NOT_READY,
    ("Redis", "READONLY"): Meaning(
        "it is a replica and takes no writes", "The client must write to the primary.", Side.CLIENT
    ),
    ("Redis", "OOM"): Meaning("it has no memory left", "The database's side must give it more memory.", Side.SERVER),
    ("Redis", "-DENIED"): _NOT_FROM_HERE,
    ("Redis", "DENIED"): _NOT_FROM_HERE,
}  # fmt: skip


_PROBES = re.compile(r"unknown (?:sub)?command '?(?:HELLO|COMMAND|MAINT|SETINFO|SETNAME|TRACKING|NO-)", re.IGNORECASE)
"""Redis commands that clients' libraries try on their own: older servers do not know them, and all goes on."""
_TRIED = Meaning(
    "it is older than the client's library, which tries a command that this server does not know, and goes on without",
    "Nobody.", Side.NOBODY, Severity.INFO,
)  # fmt: skip
_UNENCRYPTED = "no encryption"
_ENDINGS = ("25P03", "25P04", "57P01", "57P02", "57P04", "57P05", "4031", "1053")
"""What is told by nobody's request, and ends the session: PostgreSQL's classes 25 and 57, MySQL's."""


def _meaning(reply: Reply) -> Meaning | None:
    means = _MEANINGS.get((reply.protocol, reply.code))
    if reply.protocol == "Redis" and reply.text.startswith("max number of clients"):
        return _FULL
    if reply.protocol == "Redis" and _PROBES.search(reply.text):
        return _TRIED
    if reply.code == "28000" and _UNENCRYPTED in reply.text:
        return _NEEDS_TLS
    if means is None and reply.kind is Kind.LOGIN and reply.protocol != "Redis":
        return Meaning(
            "it refuses the login", "Read the server's words: they say what has to be corrected.", Side.EITHER
        )
    return means or (_STATEMENT if reply.kind is Kind.QUERY and reply.protocol != "SQL Server" else None)


def _told(reply: Reply) -> str:
    server = f"The database {reply.server.address} ({reply.protocol})"
    if reply.kind is Kind.LOGIN:
        return f"{server} refuses the login{f' of {reply.about}' if reply.about else ''} from {reply.client.address}"
    if reply.code in _ENDINGS:
        return f"{server} ends the session of {reply.client.address}"
    if reply.protocol == "Redis" and (reply.code.endswith("DENIED") or _meaning(reply) is _FULL):
        return f"{server} turns {reply.client.address} away"
    return f"{server} refuses a statement of {reply.client.address}"


_DATABASES = Family("database_refused", "(pgsql || mysql || tds || resp || tcp.port == 27017)", _told, _meaning)


@rule("Database refuses", replies, subject=SUBJECT, area=AREA)
def database_refused(facts: Facts) -> Iterator[Finding]:
    """An error of a database to a login (high), or to a statement (medium).

    Of PostgreSQL, MySQL and MariaDB, SQL Server and Redis; of MongoDB where it is among the first that a connection
    says.
    """
    wanted = ("PostgreSQL", "MySQL", "SQL Server", "Redis", "MongoDB")
    yield from refusals([reply for reply in facts[replies] if reply.protocol in wanted], _DATABASES)
