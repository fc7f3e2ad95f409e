"""What stops a web client that the server answers: another protocol, a redirection to nowhere, half of a file."""

from __future__ import annotations

import sys

from .. import servers
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .applications import SSH, office, sshd
from .http import SAYS_DOWN, STUBS, page

H2C = 8088
UNSUPPORTED, NO_CONNECTION, TIMED_OUT = 1, 7, 28  # curl's exit codes (its manual, EXIT CODES)


@scenario(
    question="Why does the status page of $server not open?",
    shows="$client asks for a page by HTTP on the port of SSH: the server's first words are its SSH banner, which curl"
    " does not take for an answer.",
    findings=("wrong_protocol",),
    decisive_filter='tcp.srcport == 22 && tcp.payload contains "SSH-2.0"',
    words=(r"(?i)wrong port", r"SSH", r"HTTP", r"\b22\b"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
)
def http_to_ssh_port(lab: Lab) -> None:
    office(lab)
    sshd(lab)
    curl(lab, f"http://{lab.plan.server}:{SSH}/status", expect=UNSUPPORTED)


@scenario(
    question="Why does the portal not open?",
    shows="The web server $web_name redirects /portal to port 8443 of the same host, where nothing listens: the client"
    " follows at once and is refused.",
    findings=("http_redirect_dead_end", "tcp_refused"),
    decisive_filter="http.response.code == 301 || tcp.srcport == 8443",
    words=(r"(?i)sends the client on|redirect", r"8443", r"(?i)refuse"),
    answer_must_not=(SAYS_DOWN,),
    oddities="tcp.flags.reset == 1",
)
def http_redirect_dead_end(lab: Lab) -> None:
    servers.names(lab)
    moved = f"location = /portal {{ return 301 https://{lab.plan.web_name}:8443/portal; }}"
    servers.web(lab, Site(lab.plan.http_port, directives=(moved,)))
    browse(lab)
    curl(lab, page(lab, "portal"), "--location", expect=NO_CONNECTION)


@scenario(
    question="Why does the download hang?",
    shows="The server announces 90000 bytes (Content-Length), sends 600 and keeps the connection open without another"
    " word; the client gives up after 5 seconds.",
    findings=("http_stalled",),
    decisive_filter="tcp.len > 600 && ip.src == $server",
    words=(r"(?i)stops in the middle", r"600 of 90,000 bytes", r"(?i)gives up"),
    answer_must_not=(SAYS_REFUSED, r"(?i)404|not found"),
)
def http_stalled(lab: Lab) -> None:
    servers.names(lab)
    reply = "HTTP/1.1 200 OK\\r\\nContent-Type: application/zip\\r\\nContent-Length: 90000\\r\\n\\r\\n" + "x" * 600
    options = ("raw", f"--reply={reply}", "--then=silence")
    port = lab.plan.http_port
    lab.server.serve(sys.executable, str(STUBS), f"--port={port}", *options, port=port)
    curl(lab, f"http://{lab.plan.file_name}:{port}/archive.zip", "--max-time", "5", expect=TIMED_OUT)


@scenario(
    question="Why does the portal ask me to sign in again and again?",
    shows="The portal $web_name sets its session cookie with Secure, but is used over plain HTTP: curl does not send it"
    " back after the sign-in, and is redirected to the form again.",
    findings=("http_cookie_lost", "cleartext_login"),
    decisive_filter='http.set_cookie contains "Secure" || (http.request.uri == "/portal" && !http.cookie)',
    words=(r"(?i)cookie", r"(?i)secure", r"(?i)https", r"(?i)does not (last|send)|not send"),
    answer_must_not=(SAYS_DOWN, r"(?i)wrong password|login is refused"),
)
def http_cookie_lost(lab: Lab) -> None:
    servers.names(lab)
    enters = (
        "location = /sign-in { add_header Set-Cookie 'session=5a1f0c; Path=/; Secure' always; return 302 /portal; }"
    )
    portal = 'location = /portal { if ($cookie_session = "") { return 302 /welcome/sign-in; } return 200 "Welcome"; }'
    form = "location = /welcome/sign-in { return 200 '<form method=post><input type=password name=password></form>'; }"
    servers.web(lab, Site(lab.plan.http_port, directives=(enters, portal, form)))
    browse(lab)
    jar = str(lab.directory / "cookies")
    typed = ("--data", "username=anna&password=lantern-7")
    curl(lab, page(lab, "sign-in"), "--location", "--cookie", jar, "--cookie-jar", jar, *typed)


@scenario(
    question="Why can the report not be stored?",
    shows="$client sends a file by HTTP/2 in clear (h2c) to a store of objects, which answers 403, in XML: the client's"
    " clock differs too much (RequestTimeTooSkewed).",
    findings=("http_error",),
    decisive_filter="http2.headers.status == 403 || (http2.type == 0 && ip.src == $server)",
    words=(r"(?i)clock", r"403", r"RequestTimeTooSkewed"),
    answer_must_not=(SAYS_DOWN, r"(?i)cannot make sense"),
)
def http2_store_clock_skewed(lab: Lab) -> None:
    servers.names(lab)
    skewed = '<?xml version="1.0"?><Error><Code>RequestTimeTooSkewed</Code><Message>Too large.</Message></Error>'
    store = f"location /reports/ {{ default_type application/xml; return 403 '{skewed}'; }}"
    servers.web(lab, Site(lab.plan.http_port, directives=(f"listen {H2C} http2;", store)))
    browse(lab)
    url = f"http://{lab.plan.web_name}:{H2C}/reports/may.csv"
    curl(lab, url, "--http2-prior-knowledge", "--data", "day,amount")
