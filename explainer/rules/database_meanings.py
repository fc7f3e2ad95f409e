"""What the errors of databases mean, by their numbers."""

from explainer.model import Severity, Side
from explainer.rules.refusals import Meaning

WRONG = Meaning(
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
NO_DATABASE = Meaning(
    "there is no such database", "The client's side must correct the database's name, or it must be created.",
    Side.CLIENT,
)  # fmt: skip
FULL = Meaning(
    "it has no connection left", "The database's side must allow more connections, or programs must give theirs back.",
    Side.SERVER, advice=("See who holds the connections: a pool that leaks, or too many processes.",),
)  # fmt: skip
NOT_READY = Meaning("it is starting, stopping or recovering", "Wait, or see the database's log.", Side.SERVER)
_NOT_ALLOWED = Meaning(
    "the user may not do this", "The database's side must grant the right.", Side.EITHER, Severity.MEDIUM
)
STATEMENT = Meaning(
    "the statement is wrong, or does not fit the data", "The program that sends the statement must correct it.",
    Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
TAKES_LONG = Meaning(
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
IDLE = Meaning(
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
    Side.EITHER,
)  # fmt: skip
NEEDS_TLS = Meaning(
    "it does not let this client or user in without encryption, as its words say (no line of pg_hba.conf fits)",
    "The client must switch TLS on (sslmode=require), or the database's side must allow this user, database and address"
    " without it in pg_hba.conf.", Side.EITHER,
)  # fmt: skip
_NO_ROOM = Meaning("it has no room left", "The database's side must make room on its disk.", Side.SERVER)
_NO_MEMORY = Meaning("it has no memory left", "The database's side must give it more memory.", Side.SERVER)
_LOCKED_ACCOUNT = Meaning("the account is locked", "The database's side must unlock the account.", Side.SERVER)
_NEW_PASSWORD = Meaning(
    "the password has expired", "The client's side must set a new password for the account.", Side.CLIENT
)
_PREPARED = Meaning(
    "the prepared statement is not there, or there twice: behind a pool (pgbouncer) another session may answer",
    "The program must not keep prepared statements behind a pool that shares sessions, or the pool must be set to keep"
    " them.", Side.EITHER, Severity.MEDIUM,
)  # fmt: skip
MEANINGS = {
    ("PostgreSQL", "57014"): TAKES_LONG,
    ("PostgreSQL", "25P03"): IDLE, ("PostgreSQL", "57P05"): IDLE,
    ("PostgreSQL", "25P04"): TAKES_LONG, ("PostgreSQL", "25006"): _READ_ONLY,
    ("PostgreSQL", "57P02"): NOT_READY, ("PostgreSQL", "57P04"): NO_DATABASE,
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
    ("MongoDB", "18"): WRONG, ("MongoDB", "11"): WRONG, ("MongoDB", "13"): _NOT_ALLOWED,
    ("MongoDB", "50"): TAKES_LONG, ("MongoDB", "11000"): _EXISTS, ("MongoDB", "14031"): _NO_ROOM,
    ("MongoDB", "10107"): _READ_ONLY, ("MongoDB", "13435"): _READ_ONLY,
    ("MongoDB", "91"): NOT_READY, ("MongoDB", "11600"): NOT_READY,
    ("MySQL", "1205"): _LOCKED,
    ("MySQL", "1213"): _DEADLOCK,
    ("MySQL", "3024"): TAKES_LONG,
    ("MySQL", "1969"): TAKES_LONG,
    ("MySQL", "1317"): TAKES_LONG,
    ("MySQL", "1062"): _EXISTS,
    ("MySQL", "1451"): _EXISTS,
    ("MySQL", "1452"): _EXISTS,
    ("MySQL", "1146"): _NO_TABLE,
    ("MySQL", "1054"): _NO_TABLE,
    ("MySQL", "1114"): _NO_ROOM,
    ("MySQL", "1021"): _NO_ROOM,
    ("MySQL", "1290"): _READ_ONLY, ("MySQL", "1836"): _READ_ONLY, ("MySQL", "1792"): _READ_ONLY,
    ("MySQL", "1698"): _DENIED, ("MySQL", "1226"): FULL, ("MySQL", "1227"): _NOT_ALLOWED,
    ("MySQL", "1143"): _NOT_ALLOWED, ("MySQL", "1370"): _NOT_ALLOWED, ("MySQL", "1037"): _NO_MEMORY,
    ("MySQL", "1041"): _NO_MEMORY, ("MySQL", "3118"): _LOCKED_ACCOUNT, ("MySQL", "4151"): _LOCKED_ACCOUNT,
    ("MySQL", "1820"): _NEW_PASSWORD, ("MySQL", "1862"): _NEW_PASSWORD,
    ("MySQL", "1153"): _TOO_LARGE, ("MySQL", "4031"): IDLE, ("MySQL", "1053"): NOT_READY,
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
    ("Redis", "NOSCRIPT"): Meaning(
        "it does not hold the script that is called by its sum: clients then send the script itself",
        "Nobody, if the client sends the script.", Side.NOBODY, Severity.INFO,
    ),
    ("Redis", "BUSYGROUP"): Meaning(
        "the consumer group exists already: programs that make sure of it ask so", "Nobody has to act.", Side.NOBODY,
        Severity.INFO,
    ),
    ("Redis", "NOGROUP"): Meaning(
        "there is no such stream or consumer group", "The program must create it first.", Side.CLIENT, Severity.MEDIUM
    ),
    ("Redis", "CROSSSLOT"): Meaning(
        "the keys of one command live on different nodes of the cluster",
        "The program must ask for each, or name the keys so that they stay together ({…}).", Side.CLIENT,
        Severity.MEDIUM,
    ),
    ("Redis", "EXECABORT"): Meaning(
        "a command of the transaction was refused before", "The program must correct that command.", Side.CLIENT,
        Severity.MEDIUM,
    ),
    ("Redis", "NOREPLICAS"): Meaning(
        "too few of its replicas are there, and so it takes no writes", "The database's side must see to the replicas.",
        Side.SERVER,
    ),
    ("Redis", "MASTERDOWN"): Meaning(
        "it is a replica that has lost its primary", "The database's side must see to the primary.", Side.SERVER
    ),
    ("Redis", "MOVED"): Meaning(
        "the key lives on another node of the cluster: clients that know clusters ask there",
        "Nobody, if the client follows; else it must be set to cluster mode.", Side.CLIENT, Severity.INFO,
    ),
    ("Redis", "ASK"): Meaning(
        "the key moves to another node just now", "Nobody has to act.", Side.NOBODY, Severity.INFO,
    ),
    ("Redis", "BUSY"): Meaning("a script runs too long", "The database's side must see to the script.", Side.SERVER),
    ("Redis", "MISCONF"): Meaning(
        "it cannot save to its disk, and so takes no writes", "The database's side must see to its disk.", Side.SERVER
    ),
    ("Redis", "CLUSTERDOWN"): Meaning("its cluster is down", "The database's side must act.", Side.SERVER),
    ("PostgreSQL", "28P01"): Meaning(
        WRONG.cause, WRONG.act, Side.CLIENT,
        advice=("PostgreSQL says the same of a password that has expired (VALID UNTIL) and of an account without one:"
                " its log tells which.",),
    ),
    ("PostgreSQL", "28000"): Meaning(
        _NOT_FROM_HERE.cause, "The database's side must allow this user, database and address in pg_hba.conf.",
        Side.SERVER,
        advice=("In pg_hba.conf, add a line for the user, the database and the client's address; then reload.",),
    ),
    ("PostgreSQL", "53200"): _NO_MEMORY, ("PostgreSQL", "53400"): FULL,
    ("PostgreSQL", "26000"): _PREPARED, ("PostgreSQL", "42P05"): _PREPARED,
    ("PostgreSQL", "0A000"): Meaning(
        "it does not have what the client asks for", "Client and database must agree: the older one must be updated.",
        Side.EITHER, Severity.MEDIUM,
    ),
    ("PostgreSQL", "3D000"): NO_DATABASE,
    ("PostgreSQL", "53300"): FULL,
    ("PostgreSQL", "57P03"): NOT_READY,
    ("PostgreSQL", "57P01"): Meaning(
        "an administrator ended the session, or the database itself was told to stop", "See the database's log.",
        Side.SERVER,
    ),
    ("PostgreSQL", "42501"): _NOT_ALLOWED,
    ("MySQL", "1044"): Meaning(
        "the user may not use this database, or there is none of that name (MySQL says the same of both)",
        "The client's side must correct the database's name, or the database's side must grant it.", Side.EITHER,
    ),
    ("MySQL", "1045"): _DENIED,
    ("MySQL", "1049"): NO_DATABASE,
    ("MySQL", "1040"): FULL,
    ("MySQL", "1203"): FULL,
    ("MySQL", "1129"): Meaning(
        "it blocks this client after too many broken connections", "The database's side must unblock it (FLUSH HOSTS).",
        Side.SERVER,
    ),
    ("MySQL", "1130"): _NOT_FROM_HERE,
    ("MySQL", "1251"): Meaning(
        "client and server have no way to log in in common", "The client's program must be updated.", Side.CLIENT
    ),
    ("MySQL", "1158"): Meaning("the client went away before the login was through: it may not know the way to log in"
                               " that the server asks for (an authentication plugin such as caching_sha2_password), or"
                               " was cut off", "The client's side must update its program or driver for this database,"
                               " or the account must use a way to log in that it knows.", Side.CLIENT),
    ("MySQL", "1142"): _NOT_ALLOWED,
    ("SQL Server", "18456"): WRONG,
    ("SQL Server", "18452"): Meaning(
        "the login is from a domain that it does not trust", "Use a SQL login, or a user of a trusted domain.",
        Side.CLIENT,
    ),
    ("SQL Server", "18486"): Meaning("the account is locked", "An administrator must unlock it.", Side.SERVER),
    ("SQL Server", "18487"): Meaning("the password has expired", "The password must be changed.", Side.CLIENT),
    ("SQL Server", "18488"): Meaning("the password must be changed", "The password must be changed.", Side.CLIENT),
    ("SQL Server", "4060"): NO_DATABASE,
    ("SQL Server", "40615"): Meaning(
        "its firewall does not allow this address", "Add the client's address to the server's firewall (Azure).",
        Side.SERVER,
    ),
    ("SQL Server", "17809"): FULL,
    ("Redis", "NOAUTH"): Meaning("it wants a password first", "The client must log in (AUTH).", Side.CLIENT),
    ("Redis", "WRONGPASS"): WRONG,
    ("Redis", "NOPERM"): _NOT_ALLOWED,
    ("Redis", "LOADING"): NOT_READY,
    ("Redis", "READONLY"): Meaning(
        "it is a replica and takes no writes", "The client must write to the primary.", Side.CLIENT
    ),
    ("Redis", "OOM"): Meaning("it has no memory left", "The database's side must give it more memory.", Side.SERVER),
    ("Redis", "-DENIED"): _NOT_FROM_HERE,
    ("Redis", "DENIED"): _NOT_FROM_HERE,
}  # fmt: skip
