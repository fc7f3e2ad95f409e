"""Terminals that anybody on the way can read."""

from __future__ import annotations

from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import office

TELNET = 23
TYPES = "sleep 0.5; echo uname; sleep 0.5; echo exit; sleep 0.5"


@scenario(
    question="Is this remote session safe from eavesdroppers?",
    shows="$client opens a terminal on $server by Telnet (inetutils), which asks for no password, and types a command: "
    "all of it is in clear text.",
    findings=("cleartext_terminal",),
    decisive_filter="telnet",
    words=(r"Telnet", r"(?i)clear text|not encrypted|can be read", r"SSH"),
    answer_must_not=(SAYS_REFUSED,),
)
def telnet_without_login(lab: Lab) -> None:
    office(lab)
    shell = lab.directory / "shell"
    shell.write_text("#!/bin/sh\nPS1='switch> ' exec /bin/sh\n")
    shell.chmod(0o755)
    terminal = f"EXEC:telnetd -h -E {shell},nofork"
    lab.server.serve("socat", f"TCP-LISTEN:{TELNET},bind={lab.plan.server},reuseaddr", terminal, port=TELNET)
    lab.client.run("sh", "-c", f"({TYPES}) | telnet {lab.plan.server}", accept=(0, 1))
