"""Databases: PostgreSQL, MySQL and MariaDB, SQL Server (TDS), Redis; by their protocol descriptions."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import CONTENT, Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Sign
from explainer.protocols.tcp import Endpoint

_TEXT = 300
_PG_TYPE, _PG_AUTH = many("pgsql.type"), many("pgsql.authtype")
_PG_NAME, _PG_VALUE = many("pgsql.parameter_name"), many("pgsql.parameter_value")
_PG_SEVERITY, _PG_CODE, _PG_MESSAGE = many("pgsql.severity"), many("pgsql.code"), many("pgsql.message")
_PG_KEY = many("pgsql.key")
_EXPECTS_NOTHING = "expects-no-answer"
"""The sign of a goodbye, or of another message that a database does not answer."""
_PG_CLEAR = 3
_PG_FAILURES = ("ERROR", "FATAL", "PANIC")


def _client(messages: Sequence[Message], server: Endpoint) -> Endpoint:
    return next((m.source for m in messages if m.source != server), messages[0].destination)


def postgresql(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the login went, a password in clear, and the errors."""
    server = server_of(messages, (5432, 6432))
    client, stream = _client(messages, server), messages[0].stream
    startup, clear, password, logged_in, user = None, False, None, False, ""
    for message in messages:
        if message.source == client:
            if "user" in message.all(_PG_NAME):
                startup, logged_in = message, False
                user = dict(zip(message.all(_PG_NAME), message.all(_PG_VALUE), strict=False)).get("user", "")
            elif "Password message" in message.all(_PG_TYPE):
                password = message.frame if clear else None
            elif "Termination" in message.all(_PG_TYPE):
                yield Sign(_EXPECTS_NOTHING, "PostgreSQL", stream, client, server, message.frame)
            continue
        clear = _PG_CLEAR in message.numbers(_PG_AUTH) or (clear and not logged_in)
        # The password may be right, and the database missing: the session stands when its key or readiness is sent.
        accepted = message.has(_PG_KEY) or (not logged_in and "Ready for query" in message.all(_PG_TYPE))
        failed = any(severity in _PG_FAILURES for severity in message.all(_PG_SEVERITY))
        code, text = message.first(_PG_CODE), message.first(_PG_MESSAGE)
        if accepted or failed:
            kind = Kind.QUERY if logged_in else Kind.LOGIN
            frame = startup.frame if startup and not logged_in else None
            if accepted or code:
                yield Reply(
                    "PostgreSQL", kind, stream, client, server, frame, message.frame, kind.value, user,
                    "" if accepted else code, text[:_TEXT], accepted,
                )  # fmt: skip
            if password:
                yield Login(
                    "PostgreSQL", stream, client, server, user, "password", (password,), accepted, message.frame
                )
            clear, password, logged_in = False, None, accepted or logged_in


_MY_LOGIN, _MY_USER, _MY_CODE = many("mysql.login_request"), many("mysql.user"), many("mysql.error_code")
_MY_TEXT, _MY_RESPONSE = many("mysql.error.message"), many("mysql.response_code")
_MY_VERSION, _MY_COMMAND = many("mysql.version"), many("mysql.command")
_MY_UNANSWERED = frozenset({1, 24, 25})  # COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE
_OK = 0


def mysql(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the login went, and the errors; MySQL's own logins never send the password in clear."""
    server = server_of(messages, (3306,))
    client, stream = _client(messages, server), messages[0].stream
    asked, user, logged_in = None, "", False
    for message in messages:
        if message.source == client:
            if message.has(_MY_LOGIN):
                asked, user, logged_in = message.frame, message.first(_MY_USER), False
            elif _MY_UNANSWERED.intersection(message.numbers(_MY_COMMAND)):
                yield Sign(_EXPECTS_NOTHING, "MySQL", stream, client, server, message.frame)
            continue
        if message.has(_MY_VERSION):
            version = message.first(_MY_VERSION)[:_TEXT]
            yield Sign("software-server", "MySQL", stream, client, server, message.frame, version)
        code = message.number(_MY_CODE)
        if code:
            kind = Kind.QUERY if logged_in else Kind.LOGIN
            yield Reply(
                "MySQL", kind, stream, client, server, None if logged_in else asked, message.frame, kind.value, user,
                str(code), message.first(_MY_TEXT)[:_TEXT], ok=False,
            )  # fmt: skip
        elif asked and not logged_in and _OK in message.numbers(_MY_RESPONSE):
            logged_in = True
            yield Reply(
                "MySQL", Kind.LOGIN, stream, client, server, asked, message.frame, "login", user, "", "", ok=True
            )


_TDS_NUMBER, _TDS_TEXT, _TDS_CLASS = many("tds.error.number"), many("tds.error.msgtext"), many("tds.error.class")
_TDS_ACK, _TDS_USER = many("tds.loginack"), many("tds.login.username")
_TDS_PASSWORD = many("tds.login.password_length")


def tds(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the login went, and the errors; a login without TLS hides its password in name only (MS-TDS)."""
    server = server_of(messages, (1433, 5000))
    client, stream = _client(messages, server), messages[0].stream
    asked, user, logged_in, readable = None, "", False, False
    for message in messages:
        if message.source == client:
            if message.has(_TDS_USER):
                asked, user, readable = message.frame, message.first(_TDS_USER), message.number(_TDS_PASSWORD) != 0
            continue
        accepted, code = message.has(_TDS_ACK), message.first(_TDS_NUMBER)
        if not accepted and not code:
            continue
        kind = Kind.QUERY if logged_in else Kind.LOGIN
        if asked and user and readable and not logged_in:
            yield Login("SQL Server", stream, client, server, user, "password", (asked,), accepted, message.frame)
        yield Reply(
            "SQL Server", kind, stream, client, server, None if logged_in else asked, message.frame, kind.value, user,
            "" if accepted else code, message.first(_TDS_TEXT)[:_TEXT], accepted,
        )  # fmt: skip
        logged_in = logged_in or accepted


_REDIS_ERROR = many("resp.error")


def redis(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield Redis' errors, and its passwords in clear (AUTH)."""
    server = server_of(messages, (6379,))
    client, stream, asked = _client(messages, server), messages[0].stream, None
    for message in messages:
        if message.source == client:
            words = [word for word in message.payload.split(b"\r\n") if word and word[:1] not in (b"*", b"$")]
            asked = None
            if words and words[0].upper() == b"AUTH":
                user = words[1].decode("utf-8", "replace") if len(words) > len(("AUTH", "password")) else ""
                asked = message, user
            continue
        error = message.first(_REDIS_ERROR)
        if asked:
            request, user = asked
            yield Login("Redis", stream, client, server, user, "password", (request.frame,), not error, message.frame)
        if error or asked:
            kind = Kind.LOGIN if asked or error.startswith(("NOAUTH", "WRONGPASS")) else Kind.QUERY
            yield Reply(
                "Redis", kind, stream, client, server, asked[0].frame if asked else None, message.frame, kind.value, "",
                error.partition(" ")[0], error.partition(" ")[2][:_TEXT], not error,
            )  # fmt: skip
        asked = None


POSTGRESQL = Dialect(
    "pgsql",
    'pgsql.parameter_name == "user" || pgsql.type == "Password message" || pgsql.authtype || pgsql.key || pgsql.code'
    ' || pgsql.type == "Termination"',
    (_PG_TYPE, _PG_AUTH, _PG_NAME, _PG_VALUE, _PG_SEVERITY, _PG_CODE, _PG_MESSAGE, _PG_KEY), postgresql,
)  # fmt: skip
MYSQL = Dialect(
    "mysql",
    "mysql.version || mysql.login_request || mysql.error_code || mysql.response_code == 0"
    " || mysql.command in {1, 24, 25}",
    (_MY_LOGIN, _MY_USER, _MY_CODE, _MY_TEXT, _MY_RESPONSE, _MY_VERSION, _MY_COMMAND), mysql,
)  # fmt: skip
TDS = Dialect(
    "tds", "tds.login.username || tds.error.number || tds.loginack",
    (_TDS_NUMBER, _TDS_TEXT, _TDS_CLASS, _TDS_ACK, _TDS_USER, _TDS_PASSWORD), tds,
)  # fmt: skip
REDIS = Dialect("resp", "resp", (CONTENT, _REDIS_ERROR), redis)
