"""What attackers do once they found something: odd requests, shells."""

from __future__ import annotations

import time

from .. import servers
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

NOT_FOUND = 22  # curl's exit code with --fail


@scenario(
    question="Is somebody attacking the web server?",
    shows="Beside ordinary requests the client asks with SQL in a parameter, and for a file outside of the web's root.",
    findings=("attack_web", "http_error"),
    decisive_filter='http.request.uri contains "OR"',
    words=(r"(?i)sql", r"(?i)inject"),
    answer_must_not=(SAYS_REFUSED, r"(?i)nothing wrong"),
)
def web_attack(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    url = f"http://{lab.plan.web_name}:{lab.plan.http_port}"
    curl(lab, f"{url}/?item=1%27+OR+%271%27%3D%271")
    curl(lab, f"{url}/?page=../../../../etc/passwd")
    curl(lab, f"{url}/missing", "--fail", expect=NOT_FOUND)


@scenario(
    question="What is going on on port $service_port?",
    shows="The server's machine runs ncat, which gives a shell to whoever connects; the client lists a folder in it.",
    findings=("attack_shell",),
    decisive_filter='frame contains "job control"',
    words=(r"(?i)shell|command line",),
    answer_must_not=(SAYS_REFUSED,),
)
def bound_shell(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    port = lab.plan.service_port
    lab.server.serve("ncat", "-l", str(port), "--sh-exec", "exec bash -i 2>&1", port=port)
    connection = lab.client.connect(lab.plan.server, port)
    time.sleep(0.5)
    connection.sendall(b"echo here; exit\n")
    time.sleep(1)
