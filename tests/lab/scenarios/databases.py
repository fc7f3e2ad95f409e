"""A database that breaks off, and one that is well."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from ..programs import run
from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, USER, office
from .http import NOTHING_WRONG

MYSQL = 3306
LOST = 1  # mysql's exit code for whatever went wrong
KILLED_AFTER_S = 2.0


def mariadb(lab: Lab) -> subprocess.Popen[bytes]:
    """MariaDB with one user and one database."""
    place = lab.directory / "mariadb"
    place.mkdir()
    data = str(place / "data")
    how = ("--auth-root-authentication-method=normal", "--skip-test-db", "--user=root")
    run(("mysql_install_db", "--no-defaults", f"--datadir={data}", *how), timeout=60)
    first: Path = place / "first.sql"
    account = f"{USER}@'%'"
    statements = ("create database shop", f"create user {account} identified by '{PASSWORD}'")
    first.write_text(";\n".join([*statements, f"grant all on shop.* to {account}", ""]))
    options = (f"--datadir={data}", f"--socket={place}/socket", f"--pid-file={place}/pid", "--user=root")
    network = (f"--bind-address={lab.plan.server}", f"--port={MYSQL}", "--skip-name-resolve", f"--init-file={first}")
    return lab.server.serve("mysqld", "--no-defaults", *options, *network, port=MYSQL)


def query(lab: Lab, statement: str, *, expect: int = 0) -> None:
    where = ("-h", lab.plan.server, "-P", str(MYSQL), "-u", USER, f"-p{PASSWORD}", "--skip-ssl", "shop")
    lab.client.run("mysql", "--no-defaults", *where, "-e", statement, accept=(expect,))


@scenario(
    question="Why does the report break off?",
    shows="The database $server (MariaDB) is killed while $client waits for the answer to a statement: the connection "
    "ends without a word.",
    findings=("database_hung_up",),
    decisive_filter=f"tcp.srcport == {MYSQL} && tcp.flags.fin == 1",
    words=(r"(?i)database", r"(?i)in the middle of a request", r"$server"),
    answer_must_not=(SAYS_REFUSED,),
)
def mysql_killed(lab: Lab) -> None:
    office(lab)
    process = mariadb(lab)
    threading.Timer(KILLED_AFTER_S, process.kill).start()
    query(lab, "select sleep(9)", expect=LOST)


@scenario(
    question="Is the database in order?",
    shows="$client logs in to the database $server (MariaDB), asks, and takes its leave.",
    healthy=True,
    decisive_filter="mysql.query",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED,),
)
def mysql_healthy(lab: Lab) -> None:
    office(lab)
    mariadb(lab)
    query(lab, "create table carts (id int primary key); insert into carts values (1); select * from carts")
