"""What tshark itself reads of people and hosts in a recording is not in what leaves this machine."""

import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import explainer
from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.model import Analysis
from explainer.privacy.mapping import Mapping
from explainer.privacy.people import tells
from explainer.privacy.values import pseudonymised

FIELDS = (
    "dns.qry.name", "dns.cname", "dns.ptr.domain_name", "http.host", "http.request.uri", "http.location",
    "tls.handshake.extensions_server_name", "x509sat.uTF8String", "x509sat.printableString", "x509ce.dNSName",
    "kerberos.CNameString", "kerberos.realm", "ntlmssp.auth.username", "smb2.tree", "smb2.filename", "ftp.request.arg",
    "snmp.msgUserName", "rdp.rt_cookie", "sip.from.user", "sip.to.user", "mqtt.clientid", "mqtt.topic", "mqtt.username",
    "ldap.name", "ldap.baseObject", "ldap.assertionValue", "radius.User_Name", "pgsql.parameter_value", "mysql.user",
    "mysql.schema", "dhcp.option.hostname", "dhcp.option.domain_name", "smtp.req.parameter", "pop.request.parameter",
    "tftp.source_file", "irc.request.command_parameter",
)  # fmt: skip
NAMES = (
    "bound_shell", "dns_and_http_healthy", "dns_private_name", "dns_tunnel", "exposed_file_server", "ftp_login_refused",
    "http_redirect_loop", "http_secrets_healthy", "http_sign_in_healthy", "imap_login_healthy", "irc_wrong_password",
    "kerberos_unknown_user", "ldap_nobody_found", "mqtt_session_healthy", "mysql_healthy", "pop3_login_refused",
    "postgres_database_missing", "radius_rejected", "sip_wrong_password", "smb1_in_use", "smb_file_missing",
    "smtp_greylisted_healthy", "snmp_wrong_privacy_password", "ssh_host_key_changed", "tls12_chain_stray",
    "tls12_chain_wrong_order", "tls12_hostile_names",
)  # fmt: skip
EVERYWHERE = re.compile(r"in-addr|_\w+|kadmin|changepw|srvsvc|lsarpc|sign-in|.*\$|[\d.:]+", re.IGNORECASE)
"""What is called the same in every network."""
CAPTURES = Path(__file__).parents[1] / "captures"


@cache
def our_words() -> frozenset[str]:
    """Return the words of our own program, most of which stand in a text whatever the capture."""
    program = (path.read_text("utf-8") for path in Path(explainer.__file__).parent.rglob("*.py"))
    return frozenset(word for text in program for word in re.findall(r"[\w$-]+", text.lower()))


def told(capture: Path) -> Iterator[str]:
    """Yield the words of all those fields in a capture that tell of somebody."""
    wanted = [word for field in FIELDS for word in ("-e", field)]
    seen = subprocess.run(
        ["tshark", "-n", "-r", capture, "-T", "fields", *wanted], capture_output=True, text=True, check=True
    )
    for word in sorted(set(re.findall(r"[\w$-]+", seen.stdout))):
        if len(word) > 3 and tells(word) and not EVERYWHERE.fullmatch(word):
            yield word.lower()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_tshark_reads_of_people_and_hosts_is_left(
    name: str, analysis_of: Callable[[str], Analysis]
) -> None:
    known = analysis_of(name)
    mapping = Mapping.of(known)
    text = mapping.pseudonymise(build(known, "Who does what here?", budget=100_000, counter=ESTIMATE).text)
    record = pseudonymised(known, mapping).model_dump_json()
    left = set(re.findall(r"[\w$-]+", f"{text} {record}".lower()))
    assert [word for word in told(CAPTURES / f"{name}.pcapng") if word in left - our_words()] == []
