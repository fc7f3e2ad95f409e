"""Servers that hang up, keep silent or turn a client away, and services that answer an error in a field of their own.

Rule: the servers are real ones; one that hangs is a real one that is stopped (SIGSTOP): its kernel still answers.
"""

from __future__ import annotations

import time

from .. import servers
from ..clients import curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .applications import EVERYBODY, PASSWORD, POSTGRES, SSH, USER, office, postgres, shell, sshd, vsftpd
from .http import page
from .services import RADIUS, SECRET
from .windows_files import samba, smbclient

EMPTY_REPLY, TIMED_OUT, NOT_UPGRADED = 52, 28, 22  # curl's exit codes (its manual, EXIT CODES)
PASSIVE_PORTS = "1024-65535"


@scenario(
    question="Why does the backup fail?",
    shows="$client asks the rsync server $server for a module that it does not have: @ERROR: Unknown module.",
    findings=("service_error",),
    decisive_filter='rsync && tcp.payload contains "@ERROR"',
    words=(r"(?i)rsync", r"(?i)unknown module|nothing of that name", r"backup"),
    answer_must_not=(SAYS_REFUSED,),
)
def rsync_unknown_module(lab: Lab) -> None:
    office(lab)
    configuration = lab.directory / "rsyncd.conf"
    configuration.write_text(f"[data]\npath = {lab.directory}\nuse chroot = no\n")
    options = ("--daemon", "--no-detach", f"--config={configuration}", f"--address={lab.plan.server}")
    lab.server.serve("rsync", *options, port=873)
    lab.client.run("rsync", f"rsync://{lab.plan.server}/backup/", accept=(5,))


@scenario(
    question="Why can I not log in by SSH?",
    shows="$client logs in to $server by SSH with a key that is not authorised there: the login, encrypted, is"
    " refused.",
    findings=("ssh_login_refused",),
    decisive_filter="ssh && tcp.srcport == 22",
    words=(r"(?i)SSH", r"(?i)probably", r"(?i)key|password", r"(?i)encrypt"),
    answer_must_not=(SAYS_REFUSED,),
)
def ssh_wrong_key(lab: Lab) -> None:
    office(lab)
    key = sshd(lab)
    (lab.directory / "authorized_keys").write_text("")
    shell(lab, key, expect=255)


@scenario(
    question="Why can I no longer log in to the server?",
    shows="$client knows another host key of $server than the one that its sshd shows, and leaves before the login.",
    findings=("ssh_host_key_refused",),
    decisive_filter="ssh.message_code == 31",
    words=(r"SSH", r"(?i)host key", r"(?i)probably"),
    answer_must_not=(SAYS_REFUSED,),
)
def ssh_host_key_changed(lab: Lab) -> None:
    office(lab)
    key = sshd(lab)
    known = lab.directory / "known_hosts"
    known.write_text(f"{lab.plan.server} {key.with_suffix('.pub').read_text()}")
    options = ("StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}", "HostKeyAlgorithms=ssh-ed25519")
    shell(lab, key, *options, expect=255)


@scenario(
    question="Why does SSH end at once?",
    shows="sshd on $server allows one login at a time that is not through yet (MaxStartups), which another holds.",
    findings=("server_last_words",),
    decisive_filter='tcp.payload contains "MaxStartups"',
    oddities="tcp.flags.reset == 1",
    words=(r"MaxStartups", r"(?i)turns .* away", r"\b22\b"),
    answer_must_not=(SAYS_REFUSED,),
)
def ssh_turned_away(lab: Lab) -> None:
    office(lab)
    key = sshd(lab, "MaxStartups=1:100:1")
    waiting = lab.client.connect(lab.plan.server, SSH)
    waiting.recv(100)
    shell(lab, key, expect=255)
    waiting.close()


@scenario(
    question="Why does the login to the server hang?",
    shows="sshd on $server is stopped: the system accepts the connection, nobody greets, and the client leaves after"
    " 4 s.",
    findings=("server_silent",),
    decisive_filter="tcp.port == 22",
    oddities="tcp.flags.reset == 1",
    words=(r"(?i)says nothing", r"\b22\b", r"(?i)4\.\d s"),
    answer_must_not=(SAYS_REFUSED,),
)
def ssh_server_hangs(lab: Lab) -> None:
    office(lab)
    key = sshd(lab)
    pid = lab.server.run("ss", "-Hltnp", "sport", "=", f":{SSH}").decode().partition("pid=")[2].partition(",")[0]
    lab.server.run("kill", "-STOP", pid)
    shell(lab, key, "ConnectTimeout=4", expect=255)
    lab.server.run("kill", "-KILL", pid)


@scenario(
    question="Why does the application not get an answer from $server?",
    shows="$client asks PostgreSQL on $server by HTTP, which the database does not know: it hangs up without a word.",
    findings=("server_hung_up",),
    decisive_filter="tcp.srcport == 5432 && tcp.flags.fin == 1",
    words=(r"(?i)without a word", r"5432", r"(?i)HTTP", r"PostgreSQL"),
    answer_must_not=(SAYS_REFUSED,),
)
def postgres_asked_in_http(lab: Lab) -> None:
    office(lab)
    postgres(lab, EVERYBODY)
    curl(lab, f"http://{lab.plan.server}:{POSTGRES}/", expect=EMPTY_REPLY)


@scenario(
    question="Why does the report never load?",
    shows="$client asks the web server on $server, which is stopped, for a report: the system takes the request, and no"
    " answer comes; the client leaves after 5 s.",
    findings=("http_unanswered",),
    decisive_filter="http.request",
    oddities="tcp.flags.reset == 1",
    words=(r"(?i)never answers", r"/report\.html", r"(?i)5\.\d s"),
    answer_must_not=(SAYS_REFUSED,),
)
def http_never_answered(lab: Lab) -> None:
    office(lab)
    workers = lab.server.run("pgrep", "-f", "nginx: worker|nginx: master").decode().split()
    mine = [pid for pid in workers if lab.server.namespace in lab.server.run("ip", "netns", "identify", pid).decode()]
    lab.server.run("kill", "-STOP", *mine)
    curl(lab, page(lab, "report.html"), "--max-time", "5", expect=TIMED_OUT)
    lab.server.run("kill", "-KILL", *mine)


@scenario(
    question="The FTP login works, but no file comes. Why?",
    shows="The router drops the data connections (passive mode) of $client to the FTP server $server (vsftpd).",
    findings=("ftp_data_blocked", "tcp_syn_unanswered"),
    decisive_filter="ftp.response.code == 229 || ftp.response.code == 227",
    oddities="tcp.analysis.retransmission || tcp.flags.syn == 1",
    words=(r"(?i)passive", r"(?i)second connection|data connection", r"(?i)firewall"),
)
def ftp_passive_blocked(lab: Lab) -> None:
    office(lab)
    vsftpd(lab)
    lab.router.firewall(f"ip daddr {lab.plan.server} tcp dport {PASSIVE_PORTS} drop")
    curl(lab, f"ftp://{lab.plan.server}/price-list.txt", "--max-time", "6", expect=TIMED_OUT)


@scenario(
    question="Why does the login to the wireless network time out?",
    shows="$client asks for a RADIUS server on $server, where a firewall drops its requests: no answer to any of"
    " three.",
    findings=("udp_unanswered",),
    decisive_filter="radius.code == 1",
    words=(r"(?i)RADIUS", r"(?i)never answers|no answer", r"1812", r"(?i)shared secret"),
    answer_must_not=(SAYS_REFUSED, SECRET),
)
def radius_no_answer(lab: Lab) -> None:
    office(lab)
    lab.router.firewall(f"udp dport {RADIUS} drop")
    asked = f"User-Name = {USER}, User-Password = {PASSWORD}".encode()
    where = (f"{lab.plan.server}:{RADIUS}", "auth", SECRET)
    lab.client.run("radclient", "-r", "3", "-t", "1", *where, stdin=asked, accept=(1,))


@scenario(
    question="The browser says that CORS blocked the request. Why?",
    shows="nginx on $server answers the browser's preflight (OPTIONS) for /api/orders with 405 Method Not Allowed.",
    findings=("http_preflight_refused",),
    decisive_filter='http.request.method == "OPTIONS" || http.response.code == 405',
    words=(r"(?i)CORS", r"(?i)preflight", r"405", r"/api/orders"),
    answer_must_not=(SAYS_REFUSED,),
)
def http_preflight_refused(lab: Lab) -> None:
    office(lab)
    headers = ("Origin: https://shop.example", "Access-Control-Request-Method: PUT")
    words = [word for header in headers for word in ("-H", header)]
    curl(lab, page(lab, "api/orders"), "-X", "OPTIONS", *words)


@scenario(
    question="Why does the chat on the page not connect?",
    shows="nginx on $server, which knows no WebSocket, answers the upgrade for /chat with 404 Not Found.",
    findings=("http_websocket_refused",),
    decisive_filter="http.response.code == 404",
    words=(r"(?i)WebSocket", r"404", r"/chat"),
    answer_must_not=(SAYS_REFUSED,),
)
def http_websocket_refused(lab: Lab) -> None:
    office(lab)
    headers = (
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    curl(lab, page(lab, "chat"), *[word for header in headers for word in ("-H", header)])


@scenario(
    question="Why does the call to the service fail although the status is 200?",
    shows="nginx on $server, as a gateway of gRPC whose service does not run, answers the call with grpc-status 14.",
    findings=("http2_error",),
    decisive_filter='http2.header.value == "14"',
    words=(r"(?i)gRPC", r"(?i)UNAVAILABLE|not available", r"/shop\.Orders/Create"),
    answer_must_not=(SAYS_REFUSED,),
)
def grpc_unavailable(lab: Lab) -> None:
    servers.names(lab)
    answer = (
        "add_header grpc-status 14 always; add_header grpc-message unavailable always; default_type application/grpc;"
        " return 200;"
    )
    service = f"location / {{ {answer} }}"
    servers.web(lab, Site(lab.plan.http_port, listening="http2", directives=(service,)))
    call = ("--http2-prior-knowledge", "-H", "Content-Type: application/grpc", "-H", "TE: trailers", "--data", "x")
    curl(lab, page(lab, "shop.Orders/Create"), *call)


@scenario(
    question="Why can the old machine not open the share?",
    shows="$client speaks SMB 2.1 at most, the file server $server (Samba) SMB 3 at least: no version in common.",
    findings=("smb_refused",),
    decisive_filter="smb2.nt_status == 0xc00000bb",
    words=(r"(?i)no version of SMB in common", r"$server"),
    answer_must_not=(SAYS_REFUSED,),
)
def smb_no_common_version(lab: Lab) -> None:
    office(lab)
    samba(lab, "server min protocol = SMB3_00")
    smbclient(lab, "plans", PASSWORD, "--option=client max protocol=SMB2_10", expect=1)
    time.sleep(0.2)
