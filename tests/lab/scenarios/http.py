"""Plain HTTP and the lookups before it."""

from __future__ import annotations

import sys
from pathlib import Path

from .. import servers, stubs
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

STUBS = Path(stubs.__file__)
NOTHING_WRONG = (r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|succe|work|complete",)


@scenario(
    question="Did this download go well?",
    shows="A file of 200 kB is fetched over plain HTTP and the connection is closed cleanly by both sides.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=NOTHING_WRONG,
    answer_must_not=(
        SAYS_REFUSED,
        r"(?i)download (has |is )?(failed|incomplete)",
    ),
)
def http_download_healthy(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages={"report.html": 200_000}))
    curl(lab, f"http://{lab.plan.file_name}:{lab.plan.http_port}/report.html", "--fail")


@scenario(
    question="Is there any problem with name resolution or the web site?",
    shows="Names are looked up, one of them for IPv6 too (it has IPv4 only, so that answer is empty), and three pages "
    "are fetched with HTTP 200.",
    healthy=True,
    decisive_filter="http.response.code == 200 || dns.flags.response == 1",
    words=NOTHING_WRONG,
    answer_must_not=(r"(?i)(lookup|resolution|request)s? (has |have )?(failed|fails|timed out)", SAYS_REFUSED),
)
def dns_and_http_healthy(lab: Lab) -> None:
    servers.names(lab)
    pages = {"index.html": 600, "style.css": 4000, "news.html": 12_000}
    servers.web(lab, Site(lab.plan.http_port, pages=pages))
    browse(lab, "", "style.css")
    # Python asks for both families, as browsers do, also where curl and getent see that there is no IPv6.
    lab.client.run(sys.executable, "-c", f"import socket; socket.getaddrinfo('{lab.plan.file_name}', None)")
    curl(lab, f"http://{lab.plan.file_name}:{lab.plan.http_port}/news.html", "--fail")


SAYS_DOWN = r"(?i)server (is |was )?(down|unreachable|not reachable)"
# curl's exit codes: fewer bytes than announced, too many redirects, nothing at all.
PARTIAL, TOO_MANY_REDIRECTS, EMPTY_REPLY = 18, 47, 52


def stub(lab: Lab, *options: str, delay: float = 0) -> None:
    """Start a web server that misbehaves as told."""
    command = (sys.executable, str(STUBS), f"--port={lab.plan.http_port}", f"--delay={delay}", "http", *options)
    lab.server.serve(*command, port=lab.plan.http_port)


def page(lab: Lab, path: str) -> str:
    return f"http://{lab.plan.web_name}:{lab.plan.http_port}/{path}"


@scenario(
    question="A link on our intranet does not work. Why?",
    shows="The web server $web_name answers the request for /reports/2019.html with 404 Not Found; "
    "its start page loads.",
    findings=("http_error",),
    decisive_filter="http.response.code == 404",
    words=(r"404|(?i:not found)", r"/reports/2019\.html"),
    answer_must_not=(SAYS_REFUSED, SAYS_DOWN),
)
def http_404(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, page(lab, "reports/2019.html"))
    browse(lab)


@scenario(
    question="Placing an order fails. Is it the network?",
    shows="The web server $web_name answers the POST to /orders with 500 Internal Server Error; its start page loads.",
    findings=("http_error",),
    decisive_filter="http.response.code == 500",
    words=(r"500|(?i:internal server error)", r"(?i)server|application"),
    answer_must_not=(SAYS_REFUSED, SAYS_DOWN),
)
def http_500(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, directives=("location = /orders { return 500; }",)))
    browse(lab)
    curl(lab, page(lab, "orders"), "--data", "item=pencil")


@scenario(
    question="The shop shows an error page. Who is to blame?",
    shows="The proxy at $server passes requests for /shop/ on to an application that does not run, and so answers "
    "502 Bad Gateway itself; the pages that it serves on its own load.",
    findings=("http_error",),
    decisive_filter="http.response.code == 502",
    words=(r"502|(?i:bad gateway)", r"(?i)proxy|gateway|upstream|behind"),
    answer_must_not=(SAYS_REFUSED, r"(?i)certificate"),
)
def http_502_from_proxy(lab: Lab) -> None:
    servers.names(lab)
    # Port 9 of the same host: nobody listens there, and it does not cross the recorded wire.
    dead = "location /shop/ { proxy_pass http://127.0.0.1:9; }"
    servers.web(lab, Site(lab.plan.http_port, directives=(dead,)))
    browse(lab)
    curl(lab, page(lab, "shop/cart"))
    browse(lab)


@scenario(
    question="The browser gives up on the portal with an error about redirects. What happens?",
    shows="The web server $web_name redirects /portal to /sign-in and /sign-in back to /portal; the client follows "
    "ten times and gives up.",
    findings=("http_redirect_loop",),
    decisive_filter="http.response.code == 302",
    words=(r"(?i)redirect", r"(?i)loop|circle|each other|back to|again and again"),
    answer_must_not=(SAYS_REFUSED, SAYS_DOWN),
)
def http_redirect_loop(lab: Lab) -> None:
    servers.names(lab)
    circle = ("location = /portal { return 302 /sign-in; }", "location = /sign-in { return 302 /portal; }")
    servers.web(lab, Site(lab.plan.http_port, directives=circle))
    browse(lab)
    curl(lab, page(lab, "portal"), "--location", "--max-redirs", "10", expect=TOO_MANY_REDIRECTS)


@scenario(
    question="Why is the downloaded file too short?",
    shows="The server announces 200000 bytes (Content-Length), sends 60000 and closes the connection with a FIN.",
    findings=("http_incomplete",),
    decisive_filter="tcp.flags.fin == 1 && ip.src == $server",
    words=(r"(?i)incomplete|cut|short|fewer|missing|before (the )?end|clos", r"(?i)server|sender"),
    answer_must_not=(SAYS_REFUSED, r"(?i)404|not found"),
)
def http_cut_response(lab: Lab) -> None:
    servers.names(lab)
    stub(lab, "--announce=200000", "--send=60000")
    curl(lab, f"http://{lab.plan.file_name}:{lab.plan.http_port}/report.bin", expect=PARTIAL)


@scenario(
    question="The page takes ages. Is it the network or the server?",
    shows="The request reaches the server at once and is acknowledged, and the server takes 4 seconds to begin its "
    "answer, which then comes quickly and complete.",
    findings=("http_slow",),
    decisive_filter="http.response.code == 200 || http.request",
    words=(r"(?i)server|application", r"(?i)slow|seconds|late|took|wait"),
    answer_must_not=(SAYS_REFUSED, r"(?i)packet loss"),
)
def http_slow_server(lab: Lab) -> None:
    servers.names(lab)
    stub(lab, delay=4)
    curl(lab, page(lab, "statistics"), "--fail")


@scenario(
    question="Did the sign-in work?",
    shows="The client signs in over plain HTTP with credentials in the Authorization header, in a cookie and in the "
    "query string; the server sets another cookie and answers 200.",
    healthy=True,
    decisive_filter="http.authorization || http.set_cookie",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED, r"hunter2|c2VjcmV0|s3cr3t|t0ken"),
)
def http_secrets_healthy(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, directives=("add_header Set-Cookie 'session=t0ken-set; HttpOnly';",)))
    secrets = ("--user", "alice:hunter2-basic", "--cookie", "session=s3cr3t-cookie")
    curl(lab, page(lab, "index.html?user=alice&password=hunter2-query"), "--fail", *secrets)


@scenario(
    question="The export breaks off without any message. What happens?",
    shows="The server $web_name closes the connection after the request for /export without a byte of an answer; its "
    "start page loads.",
    findings=("http_no_response",),
    decisive_filter="tcp.flags.fin == 1 && ip.src == $server",
    words=(r"(?i)clos|hangs? up", r"(?i)without (any|an) answer|no answer|nothing", r"/export"),
    answer_must_not=(SAYS_REFUSED, r"(?i)404|not found"),
)
def http_no_response(lab: Lab) -> None:
    servers.names(lab)
    # nginx closes the connection and says nothing.
    servers.web(lab, Site(lab.plan.http_port, directives=("location = /export { return 444; }",)))
    browse(lab)
    curl(lab, page(lab, "export"), expect=EMPTY_REPLY)
    browse(lab)


@scenario(
    question="The upload script reports success, but nothing arrives. Why?",
    shows="The server $web_name answers the POST to /upload with 200 OK, and the JSON in the answer says that the API "
    "key is invalid; its start page loads.",
    findings=("http_error_in_text",),
    decisive_filter='json.value.string contains "invalid"',
    words=(r"(?i)api key is invalid", r"200"),
    answer_must_not=(SAYS_REFUSED, SAYS_DOWN),
)
def http_error_in_text(lab: Lab) -> None:
    refusal = """default_type application/json; return 200 '{"stored": 0, "message": "API key is invalid"}';"""
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, directives=(f"location = /upload {{ {refusal} }}",)))
    browse(lab)
    curl(lab, page(lab, "upload"), "--data", "temperature=21.5", "--fail")


@scenario(
    question="Why does the backup not arrive?",
    shows="An object store at $web_name answers the upload to /backups with 403, and the XML in the answer says that "
    "the client's clock is wrong (RequestTimeTooSkewed); its start page loads.",
    findings=("http_error",),
    decisive_filter="http.response.code == 403",
    words=(r"(?i)clock", r"403"),
    answer_must_not=(SAYS_REFUSED, SAYS_DOWN, r"(?i)must use an account"),
)
def http_store_clock_skewed(lab: Lab) -> None:
    error = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
    refusal = f"default_type application/xml; return 403 '{error}';"
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, directives=(f"location = /backups {{ {refusal} }}",)))
    browse(lab)
    curl(lab, page(lab, "backups"), "--data", "full=1")


@scenario(
    question="Did the sign-in work?",
    shows="The client asks for a page without credentials, the server answers 401 with a challenge (Basic), the client "
    "asks again with its credentials and gets the page with 200.",
    healthy=True,
    decisive_filter="http.response.code == 401 || http.response.code == 200",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED, r"(?i)(credentials|sign-in|password) (is |are |was |were )?(refused|wrong|invalid)"),
)
def http_sign_in_healthy(lab: Lab) -> None:
    users = lab.directory / "users"
    users.write_text("alice:{PLAIN}hunter2-basic\n")
    servers.names(lab)
    guarded = f'auth_basic "reports"; auth_basic_user_file {users};'
    servers.web(lab, Site(lab.plan.http_port, directives=(guarded,)))
    curl(lab, page(lab, "index.html"), "--fail", "--anyauth", "--user", "alice:hunter2-basic")
