"""What the errors of databases mean by their words, where one number stands for many things."""

import re

from explainer.model import Side
from explainer.rules.database_meanings import FULL, IDLE, NEEDS_TLS, NO_DATABASE, NOT_READY, TAKES_LONG, WRONG
from explainer.rules.refusals import Meaning

_NO_USER = Meaning(
    "there is no such user", "The client's side must correct the user's name, or the account must be created.",
    Side.CLIENT,
)  # fmt: skip
_BEHIND = Meaning(
    "the pool before the database gets no connection to the database itself",
    "The database's side must see why: the database behind the pool is down or refuses the pool, or all its connections"
    " are in use for too long.", Side.SERVER,
)  # fmt: skip
_IN_WORDS = tuple(
    (protocol, code, re.compile(words, re.IGNORECASE), meaning)
    for protocol, code, words, meaning in (
        ("PostgreSQL", "28000", "no encryption", NEEDS_TLS),
        ("PostgreSQL", "28000", r'^role ".*" does not exist', _NO_USER),
        ("PostgreSQL", "28000", "not permitted to log in", Meaning(
            "the account may not log in at all (NOLOGIN)",
            "The database's side must let the account log in (ALTER ROLE … LOGIN), or the client must use another one.",
            Side.EITHER,
        )),
        ("PostgreSQL", "28000", "certificate", Meaning(
            "it wants a certificate of the client that fits the user", "The client must be given one.", Side.CLIENT,
        )),
        ("PostgreSQL", "28000", "^(?:peer|ident) authentication", Meaning(
            "it lets in only users of the same name on their own machine (peer, ident)",
            "The database's side must allow a password for this user in pg_hba.conf, or the client must use the user of"
            " that name.", Side.EITHER,
        )),
        ("PostgreSQL", "55000", "not currently accepting connections", Meaning(
            "that database is set to take no connections",
            "The client must use another database, or the database's side must open it (ALLOW_CONNECTIONS).",
            Side.EITHER,
        )),
        # pgbouncer says 08P01 to everything; the names are those of its settings.
        ("PostgreSQL", "08P01", "no such database", NO_DATABASE),
        ("PostgreSQL", "08P01", "no more connections allowed", FULL),
        ("PostgreSQL", "08P01", "no such user", _NO_USER),
        ("PostgreSQL", "08P01", "auth(?:entication)? failed|wrong password", WRONG),
        ("PostgreSQL", "08P01", "query_wait_timeout|server login|connect_timeout|server_?conn|cannot connect", _BEHIND),
        ("PostgreSQL", "08P01", "idle", IDLE),
        ("PostgreSQL", "08P01", "query_timeout", TAKES_LONG),
        ("PostgreSQL", "08P01", "shutting down|paused|disabled", NOT_READY),
        ("Redis", "", "^max number of clients", FULL),
        ("Redis", "ERR", "AUTH.*without any password|sent AUTH, but no password", Meaning(
            "it has no password set, and the client gives one",
            "The client must be set to give none, or the database's side must set the password.", Side.EITHER,
        )),
        ("Redis", "ERR", "^invalid password", WRONG),
        ("Redis", "ERR", "DB index is out of range", NO_DATABASE),
    )
)  # fmt: skip


def by_words(protocol: str, code: str, text: str) -> Meaning | None:
    """Return what an error means by its words, None where they say no more than its number."""
    return next(
        (means for of, number, words, means in _IN_WORDS
         if of == protocol and number in ("", code) and words.search(text)),
        None,
    )  # fmt: skip
