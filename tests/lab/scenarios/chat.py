"""Chat that does not let a user in."""

from __future__ import annotations

from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, USER, WRONG, office

IRC = 6667


@scenario(
    question="Why can Anna not join the chat?",
    shows="$client gives the IRC server $server (ngircd) a wrong password: ERROR, and the connection ends.",
    findings=("chat_refused", "policy_forbidden"),
    decisive_filter='irc.response contains "Bad password"',
    words=(r"IRC", r"(?i)password"),
    answer_must_not=(SAYS_REFUSED, WRONG),
)
def irc_wrong_password(lab: Lab) -> None:
    office(lab)
    settings = lab.directory / "ngircd.conf"
    settings.write_text(
        f"[Global]\nName = irc.example.net\nInfo = lab\nListen = {lab.plan.server}\nPorts = {IRC}\n"
        f"Password = {PASSWORD}\nServerUID = root\n[Options]\nDNS = no\nIdent = no\nPAM = no\n"
    )
    lab.server.serve("ngircd", "-n", "-f", str(settings), port=IRC)
    said = f"PASS {WRONG}\r\nNICK {USER}\r\nUSER {USER} 0 * :{USER}\r\n".encode()
    lab.client.run("socat", "-t", "3", "-", f"TCP:{lab.plan.server}:{IRC}", stdin=said)
