"""Mail, files, directories, databases and terminals that refuse, or give a password away; and some that are healthy.

Rules
* The servers are real ones wherever one can be made to do it; a mail server that refuses by a rule is a stub.
* Users and passwords are the lab's own.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

from .. import line_stub, servers
from ..clients import browse
from ..programs import run
from ..scenario import Lab, scenario
from ..servers import Site
from .http import NOTHING_WRONG

USER, PASSWORD, WRONG = "anna", "sun-and-rain", "rain-and-sun"
LOGIN_DENIED, REMOTE_MISSING, MAIL_REFUSED = 67, 78, 55  # curl's exit codes (its manual, EXIT CODES)
POSTGRES, SSH, LDAP, REDIS = 5432, 22, 389, 6379
SMTP_WORDS = ("EHLO=250-mail\\r\\n250 8BITMIME", "MAIL=250 2.1.0 Ok", "DATA=354 Go on", "QUIT=221 2.0.0 Bye")


def office(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)


def mail(lab: Lab, *recipients: str, taken: str = ".=250 2.0.0 Queued", expect: int = 0) -> None:
    """One mail to a server that answers the recipient as told."""
    greeting = f"220 mail.{lab.plan.web_name} ESMTP"
    servers.stub(lab, line_stub, 25, greeting, *SMTP_WORDS, *(f"RCPT={reply}" for reply in recipients), taken)
    letter = lab.directory / "letter.txt"
    letter.write_text("Subject: Lunch\r\n\r\nAt noon?\r\n")
    send(lab, letter, expect=expect)


def send(lab: Lab, letter: Path, *, expect: int) -> None:
    curl = ("curl", "-q", "-sS", f"smtp://{lab.plan.server}:25/client.example", "--mail-from", "anna@example.org")
    lab.client.run(*curl, "--mail-rcpt", "bert@example.net", "-T", str(letter), accept=(expect,))


@scenario(
    question="Why was the mail not accepted?",
    shows="$client sends a mail; the mail server $server answers the recipient with 550 5.1.1 User unknown.",
    findings=("mail_refused",),
    decisive_filter="smtp.response.code == 550",
    words=(r"(?i)\b550\b", r"(?i)no such mailbox|unknown|recipient"),
)
def smtp_recipient_unknown(lab: Lab) -> None:
    office(lab)
    mail(lab, "550 5.1.1 <bert@example.net>: User unknown", expect=MAIL_REFUSED)


@scenario(
    question="Why can this machine not send mail?",
    shows="$client sends a mail to a foreign domain without logging in; the mail server $server refuses to relay it.",
    findings=("mail_refused",),
    decisive_filter="smtp.response.code == 554",
    words=(r"(?i)\b554\b|relay", r"(?i)log(ged)? in|authenticat"),
)
def smtp_relay_denied(lab: Lab) -> None:
    office(lab)
    mail(lab, "554 5.7.1 <bert@example.net>: Relay access denied", expect=MAIL_REFUSED)


@scenario(
    question="Is anything wrong with this mail traffic?",
    shows="$server asks $client to come again later (greylisting, 450), which it does: the mail is taken.",
    healthy=True,
    decisive_filter="smtp.response.code == 250",
    words=NOTHING_WRONG,
)
def smtp_greylisted_healthy(lab: Lab) -> None:
    office(lab)
    mail(lab, "450 4.7.1 Greylisted, try again", "250 2.1.5 Ok", expect=MAIL_REFUSED)
    send(lab, lab.directory / "letter.txt", expect=0)


def vsftpd(lab: Lab) -> None:
    """vsftpd for anonymous users, with one file."""
    root = lab.directory / "ftp"
    (root / "secure").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "price-list.txt").write_text("apples 2\n" * 400)
    options = {
        "listen": "YES", "background": "NO", "anonymous_enable": "YES", "local_enable": "NO", "anon_root": root,
        "secure_chroot_dir": root / "secure", "seccomp_sandbox": "NO", "ftp_username": "daemon", "xferlog_enable": "NO",
        "pasv_address": lab.plan.server,
    }  # fmt: skip
    configuration = lab.directory / "vsftpd.conf"
    configuration.write_text("".join(f"{name}={value}\n" for name, value in options.items()))
    lab.server.serve("vsftpd", str(configuration), port=21)


def fetch(lab: Lab, file: str, *options: str, expect: int = 0) -> None:
    url = f"ftp://{lab.plan.server}/{file}"
    lab.client.run("curl", "-q", "-sS", "-o", "/dev/null", "--max-time", "20", *options, url, accept=(expect,))


@scenario(
    question="Why does the login to the FTP server fail?",
    shows="$client logs in to the FTP server $server (vsftpd) as anna; it takes anonymous users only, and answers 530.",
    findings=("ftp_refused",),
    decisive_filter="ftp.response.code == 530",
    words=(r"(?i)\b530\b", r"(?i)anna|user name|login"),
)
def ftp_login_refused(lab: Lab) -> None:
    office(lab)
    vsftpd(lab)
    fetch(lab, "price-list.txt", "--user", f"{USER}:{WRONG}", expect=LOGIN_DENIED)


@scenario(
    question="Why does the download not work?",
    shows="$client asks the FTP server $server (vsftpd) for a file that it does not have, and is answered 550.",
    findings=("ftp_refused",),
    decisive_filter="ftp.response.code == 550",
    oddities="tcp.flags.reset == 1",
    words=(r"(?i)\b550\b", r"(?i)no such file|prices-2019"),
)
def ftp_file_missing(lab: Lab) -> None:
    office(lab)
    vsftpd(lab)
    fetch(lab, "prices-2019.txt", expect=REMOTE_MISSING)


@scenario(
    question="Is anything wrong with this file transfer?",
    shows="$client fetches a file from the FTP server $server (vsftpd) as an anonymous user; all goes well.",
    healthy=True,
    decisive_filter="ftp.response.code == 226",
    words=NOTHING_WRONG,
)
def ftp_anonymous_healthy(lab: Lab) -> None:
    office(lab)
    vsftpd(lab)
    fetch(lab, "price-list.txt")


@scenario(
    question="Why does this server list nothing?",
    shows="$client lists a folder of the FTP server $server (vsftpd) that is empty: the connection for the data "
    "carries nothing.",
    healthy=True,
    decisive_filter="ftp.response.code == 226",
    words=NOTHING_WRONG,
    answer_must_not=(r"(?i)hangs? up|closes it",),
)
def ftp_empty_folder_healthy(lab: Lab) -> None:
    office(lab)
    vsftpd(lab)
    fetch(lab, "empty/")


def dovecot(lab: Lab, *, clear: bool) -> None:
    """dovecot with one user, for IMAP and POP3 without TLS."""
    place = lab.directory / "dovecot"
    for folder in ("run", "mail"):
        (place / folder).mkdir(parents=True)
        (place / folder).chmod(0o777)
    (place / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    configuration = place / "dovecot.conf"
    configuration.write_text(f"""
        base_dir = {place}/run
        state_dir = {place}/run
        log_path = {place}/log
        protocols = imap pop3
        listen = {lab.plan.server}
        ssl = no
        disable_plaintext_auth = {"no" if clear else "yes"}
        auth_mechanisms = plain login cram-md5
        default_internal_user = nobody
        default_login_user = nobody
        default_internal_group = nogroup
        mail_location = maildir:{place}/mail
        passdb {{
          driver = passwd-file
          args = {place}/users
        }}
        userdb {{
          driver = static
          args = uid=nobody gid=nogroup home={place}/mail
        }}
    """)
    lab.server.serve("dovecot", "-F", "-c", str(configuration), port=143)


def open_mailbox(lab: Lab, url: str, password: str, *options: str, expect: int = 0) -> None:
    curl = ("curl", "-q", "-sS", "-o", "/dev/null", "--max-time", "20", "--user", f"{USER}:{password}")
    lab.client.run(*curl, *options, url, accept=(expect,))


@scenario(
    question="Is a password visible in this capture?",
    shows="$client opens a mailbox on $server by IMAP (dovecot) without TLS: the password is in clear text.",
    findings=("cleartext_login",),
    decisive_filter='imap.request.command in {"LOGIN", "AUTHENTICATE"}',
    words=(r"(?i)imap", r"(?i)clear text|not encrypted|can be read"),
    answer_must_not=(PASSWORD,),
)
def imap_password_in_clear(lab: Lab) -> None:
    office(lab)
    dovecot(lab, clear=True)
    open_mailbox(lab, f"imap://{lab.plan.server}/", PASSWORD, "--login-options", "AUTH=PLAIN")


@scenario(
    question="Why does the mailbox not open?",
    shows="$client logs in to the POP3 server $server (dovecot) with a wrong password, by CRAM-MD5, and is refused.",
    findings=("mailbox_refused",),
    decisive_filter='pop.response.indicator == "-ERR"',
    words=(r"(?i)-ERR|refuse", r"(?i)user name|password"),
)
def pop3_login_refused(lab: Lab) -> None:
    office(lab)
    dovecot(lab, clear=False)
    open_mailbox(lab, f"pop3://{lab.plan.server}/", WRONG, "--login-options", "AUTH=CRAM-MD5", expect=LOGIN_DENIED)


@scenario(
    question="Is anything wrong with this mailbox?",
    shows="$client opens a mailbox on $server by IMAP (dovecot) with CRAM-MD5, which shows no password; all goes well.",
    healthy=True,
    decisive_filter='imap.response.status == "OK"',
    words=NOTHING_WRONG,
)
def imap_login_healthy(lab: Lab) -> None:
    office(lab)
    dovecot(lab, clear=False)
    open_mailbox(lab, f"imap://{lab.plan.server}/", PASSWORD, "--login-options", "AUTH=CRAM-MD5")


def postgres(lab: Lab, access: str) -> None:
    """PostgreSQL with one user and one database; `access` is pg_hba.conf."""
    place = lab.directory / "postgres"
    place.mkdir()
    run(("chown", "postgres", str(place)))
    as_postgres = ("runuser", "-u", "postgres", "--")
    data = str(place / "data")
    binaries = Path("/usr/bin/pg_config").parent if Path("/usr/bin/initdb").exists() else newest_postgres()
    run((*as_postgres, str(binaries / "initdb"), "--no-sync", "--encoding=UTF8", "-D", data), timeout=60)
    statements = f"create user {USER} password '{PASSWORD}';\ncreate database shop owner {USER};\n".encode()
    run((*as_postgres, str(binaries / "postgres"), "--single", "-D", data, "postgres"), stdin=statements)
    run((*as_postgres, "tee", f"{data}/pg_hba.conf"), stdin=access.encode())
    options = ("-h", lab.plan.server, "-p", str(POSTGRES), "-k", str(place), "-c", "fsync=off")
    lab.server.serve(*as_postgres, str(binaries / "postgres"), "-D", data, *options, port=POSTGRES)


def newest_postgres() -> Path:
    """Debian keeps PostgreSQL's programs by version."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def query(lab: Lab, database: str, password: str, *, expect: int = 0) -> None:
    words = f"host={lab.plan.server} port={POSTGRES} user={USER} dbname={database} sslmode=disable gssencmode=disable"
    client = ("env", f"PGPASSWORD={password}", "psql", "--no-psqlrc", "-c", "select 1", words)
    lab.client.run(*client, accept=(expect,))


EVERYBODY = "host all all all scram-sha-256\n"


@scenario(
    question="Why can the application not connect to the database?",
    shows="$client logs in to PostgreSQL on $server with a wrong password and is refused with 28P01.",
    findings=("database_refused",),
    decisive_filter='pgsql.code == "28P01"',
    words=(r"(?i)28P01", r"(?i)password"),
)
def postgres_wrong_password(lab: Lab) -> None:
    office(lab)
    postgres(lab, EVERYBODY)
    query(lab, "shop", WRONG, expect=2)


@scenario(
    question="Why does the database refuse the application?",
    shows="$client asks PostgreSQL on $server for a database that does not exist: 3D000.",
    findings=("database_refused",),
    decisive_filter='pgsql.code == "3D000"',
    words=(r"(?i)3D000", r"(?i)no such database|does not exist"),
)
def postgres_database_missing(lab: Lab) -> None:
    office(lab)
    postgres(lab, EVERYBODY)
    query(lab, "shopp", PASSWORD, expect=2)


@scenario(
    question="Why does the login to the database fail?",
    shows="PostgreSQL on $server has no line in pg_hba.conf for the address of $client, and refuses it with 28000.",
    findings=("database_refused",),
    decisive_filter='pgsql.code == "28000"',
    words=(r"(?i)28000", r"(?i)pg_hba|let this client"),
)
def postgres_not_allowed(lab: Lab) -> None:
    office(lab)
    postgres(lab, "host all all 127.0.0.1/32 scram-sha-256\n")
    query(lab, "shop", PASSWORD, expect=2)


@scenario(
    question="Is anything wrong with this database connection?",
    shows="$client mistypes its password for PostgreSQL on $server once, then logs in and asks; all goes well.",
    healthy=True,
    decisive_filter="pgsql.authtype == 0",
    words=NOTHING_WRONG,
)
def postgres_login_retried_healthy(lab: Lab) -> None:
    office(lab)
    postgres(lab, EVERYBODY)
    query(lab, "shop", WRONG, expect=2)
    query(lab, "shop", PASSWORD)


def sshd(lab: Lab, *options: str) -> Path:
    """sshd for root with a key; returns the client's key."""
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "client"):
        run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(lab.directory / name)))
    authorised = lab.directory / "authorized_keys"
    authorised.write_bytes((lab.directory / "client.pub").read_bytes())
    settings = (f"HostKey={lab.directory}/host", f"AuthorizedKeysFile={authorised}", "StrictModes=no", "UsePAM=no")
    words = [word for setting in (*settings, "PermitRootLogin=yes", *options) for word in ("-o", setting)]
    lab.server.serve("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", str(SSH), *words, port=SSH)
    return lab.directory / "client"


@scenario(
    question="Why was the SSH session closed?",
    shows="The SSH program on $client stops in the middle of a session; the server $server asks twice whether it is "
    "still there (ClientAliveInterval), gets no answer, and ends the session.",
    findings=("ssh_keep_alive_unanswered",),
    decisive_filter="tcp.flags.fin == 1 && tcp.srcport == 22",
    words=(r"(?i)keep-alive", r"(?i)no longer answers"),
    answer_must_not=(r"(?i)password",),
)
def ssh_keep_alive_unanswered(lab: Lab) -> None:
    office(lab)
    key = sshd(lab, "ClientAliveInterval=1", "ClientAliveCountMax=2")
    settings = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes")
    words = [word for setting in settings for word in ("-o", setting)]
    session = lab.client.start("ssh", "-F", "none", "-i", str(key), *words, f"root@{lab.plan.server}", "sleep 60")
    time.sleep(1)
    session.send_signal(signal.SIGSTOP)
    time.sleep(9)


def shell(lab: Lab, key: Path, *options: str, expect: int = 0) -> None:
    settings = (
        *options,
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "BatchMode=yes",
    )  # the first counts
    words = [word for setting in settings for word in ("-o", setting)]
    command = ("ssh", "-F", "none", "-i", str(key), *words, f"root@{lab.plan.server}", "true")
    lab.client.run(*command, accept=(expect,))


@scenario(
    question="Why can I not log in by SSH?",
    shows="The SSH client on $client knows an old key exchange alone, sshd on $server a new one: nothing in common.",
    findings=("ssh_refused",),
    decisive_filter="ssh.message_code == 20",
    words=(r"(?i)in common", r"(?i)key exchange|algorithm"),
)
def ssh_nothing_in_common(lab: Lab) -> None:
    office(lab)
    key = sshd(lab, "KexAlgorithms=curve25519-sha256")
    shell(lab, key, "KexAlgorithms=diffie-hellman-group14-sha256", expect=255)


@scenario(
    question="Is this SSH connection in order?",
    shows="$client logs in to $server by SSH with a key, runs a command and leaves.",
    healthy=True,
    decisive_filter="ssh.message_code == 21",
    words=NOTHING_WRONG,
)
def ssh_login_healthy(lab: Lab) -> None:
    office(lab)
    shell(lab, sshd(lab))


@scenario(
    question="Why does the login to the directory fail?",
    shows="$client binds to the LDAP server $server (slapd) with a wrong password: invalidCredentials (49), in clear.",
    findings=("cleartext_login", "ldap_refused"),
    decisive_filter="ldap.resultCode == 49",
    words=(r"(?i)invalidCredentials|\b49\b", r"(?i)password"),
    answer_must_not=(WRONG,),
)
def ldap_wrong_password(lab: Lab) -> None:
    office(lab)
    address = slapd(lab)
    bind = ("ldapsearch", "-x", "-H", address, "-D", f"cn={USER},dc=example", "-w", WRONG, "-b", "dc=example")
    lab.client.run(*bind, accept=(49,))


@scenario(
    question="Who is searched for in the directory?",
    shows="A program on $client looks up the user berta in the directory $server (slapd), which has no such entry, and "
    "so no login (bind) follows.",
    healthy=True,
    decisive_filter="ldap.protocolOp == 5",
    words=(r"(?i)nobody is found", r"(?i)berta"),
    answer_must_not=(r"(?i)password is wrong",),
)
def ldap_nobody_found(lab: Lab) -> None:
    office(lab)
    address = slapd(lab)
    entry = f"dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: {lab.plan.web_name}\n"
    bind = ("-x", "-H", address, "-D", f"cn={USER},dc=example", "-w", PASSWORD)
    lab.server.run("ldapadd", *bind, stdin=entry.encode())
    lab.client.run("ldapsearch", "-x", "-H", address, "-b", "dc=example", "(uid=berta)")


def slapd(lab: Lab) -> str:
    """slapd with an empty database; returns its address."""
    place = lab.directory / "ldap"
    place.mkdir()
    configuration = place / "slapd.conf"
    configuration.write_text(
        f"include /etc/ldap/schema/core.schema\npidfile {place}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f'database mdb\nsuffix "dc=example"\nrootdn "cn={USER},dc=example"\nrootpw {PASSWORD}\ndirectory {place}\n'
    )
    address = f"ldap://{lab.plan.server}"
    lab.server.serve("slapd", "-d", "0", "-f", str(configuration), "-h", address, port=LDAP)
    return address


@scenario(
    question="Why does the cache not work for the application?",
    shows="$client asks Redis on $server without a password, which it wants: NOAUTH.",
    findings=("database_refused",),
    decisive_filter='resp.error contains "NOAUTH"',
    words=(r"(?i)NOAUTH", r"(?i)password|log in"),
)
def redis_wants_a_password(lab: Lab) -> None:
    office(lab)
    options = ("--bind", lab.plan.server, "--requirepass", PASSWORD, "--save", "", "--dir", str(lab.directory))
    lab.server.serve("redis-server", "--port", str(REDIS), *options, port=REDIS)
    lab.client.run("redis-cli", "-h", lab.plan.server, "get", "basket", accept=(0, 1))
