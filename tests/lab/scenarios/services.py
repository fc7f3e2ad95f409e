"""Smaller services that refuse, or work: RADIUS, the time (NTP), telephones (SIP), monitoring (SNMP)."""

from __future__ import annotations

import sys
from pathlib import Path

from .. import service_stub
from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, USER, WRONG, office
from .http import NOTHING_WRONG

RADIUS, NTP, SIP, SNMP = 1812, 123, 5060, 161
UPTIME = "1.3.6.1.2.1.1.3.0"
SECRET, NUMBER = "between-the-two", "4711"
NO_TIME, NOT_REGISTERED, REJECTED, TIMED_OUT = 1, 1, 1, 1
SAYS_NO = (SAYS_REFUSED, r"(?i)kiss of death|does not let|refuses")


def radius(lab: Lab, password: str, expect: int = 0) -> None:
    """FreeRADIUS with one user, and radclient, which asks once for it as an access point would."""
    place = lab.directory / "radius"
    place.mkdir()
    (place / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    (place / "users").write_text(f'{USER} Cleartext-Password := "{PASSWORD}"\n')
    (place / "radiusd.conf").write_text(
        f"name = lab\nlibdir = /usr/lib/freeradius\nlogdir = {place}\nrun_dir = {place}\npidfile = {place}/pid\n"
        "security {\nreject_delay = 0\nallow_vulnerable_openssl = yes\n}\n"
        f"modules {{\npap {{\n}}\nfiles {{\nfilename = {place}/users\n}}\n}}\n"
        f"client lab {{\nipaddr = {lab.plan.client}\nsecret = {SECRET}\n}}\n"
        f"server lab {{\nlisten {{\ntype = auth\nipaddr = {lab.plan.server}\nport = {RADIUS}\n}}\n"
        "authorize {\nfiles\npap\n}\nauthenticate {\npap\n}\n}\n"
    )
    lab.server.serve("freeradius", "-f", "-n", "radiusd", "-d", str(place), "-l", "stdout", port=RADIUS, protocol="udp")
    asked = f"User-Name = {USER}, User-Password = {password}".encode()
    lab.client.run("radclient", f"{lab.plan.server}:{RADIUS}", "auth", SECRET, stdin=asked, accept=(expect,))


@scenario(
    question="Why does the user not get into the wireless network?",
    shows="$client asks the RADIUS server $server (FreeRADIUS) to let anna in, with a wrong password: Access-Reject.",
    findings=("radius_refused",),
    decisive_filter="radius.code == 3",
    words=(r"(?i)RADIUS", r"anna", r"(?i)password"),
    answer_must_not=(SAYS_REFUSED, WRONG, SECRET),
)
def radius_rejected(lab: Lab) -> None:
    office(lab)
    radius(lab, WRONG, expect=REJECTED)


@scenario(
    question="Is this RADIUS login in order?",
    shows="$client asks the RADIUS server $server (FreeRADIUS) to let anna in: Access-Accept.",
    healthy=True,
    decisive_filter="radius.code == 2",
    words=NOTHING_WRONG,
    answer_must_not=SAYS_NO,
)
def radius_accepted_healthy(lab: Lab) -> None:
    office(lab)
    radius(lab, PASSWORD)


def stub(lab: Lab, port: int, *options: str) -> None:
    command = (sys.executable, str(Path(service_stub.__file__)), f"--port={port}", *options)
    lab.server.serve(*command, port=port, protocol="udp")


@scenario(
    question="Why does this machine not get the time?",
    shows="The time server $server sends $client a kiss of death, RATE: it asks too often.",
    findings=("ntp_refused",),
    decisive_filter="ntp.flags.mode == 4 && ntp.stratum == 0",
    words=(r"(?i)kiss of death|RATE", r"(?i)too often", r"$server"),
    answer_must_not=(SAYS_REFUSED,),
)
def ntp_asks_too_often(lab: Lab) -> None:
    office(lab)
    stub(lab, NTP, "ntp", "--kiss=RATE")
    lab.client.run("ntpdig", "-t", "2", lab.plan.server, accept=(NO_TIME,))


@scenario(
    question="Does this machine get the time from its time server?",
    shows="$client asks the time server $server (chronyd) for the time and gets it.",
    healthy=True,
    decisive_filter="ntp.flags.mode == 4 && ntp.stratum > 0",
    words=NOTHING_WRONG,
    answer_must_not=SAYS_NO,
)
def ntp_time_healthy(lab: Lab) -> None:
    office(lab)
    configuration = lab.directory / "chrony.conf"
    # -x: it leaves the machine's clock alone.
    configuration.write_text(
        f"local stratum 8\nallow\nbindaddress {lab.plan.server}\ncmdport 0\nbindcmdaddress /\n"
        f"pidfile {lab.directory}/chronyd.pid\n"
    )
    lab.server.serve("chronyd", "-x", "-d", "-u", "root", "-f", str(configuration), port=NTP, protocol="udp")
    lab.client.run("ntpdig", lab.plan.server)


def register(lab: Lab, password: str, expect: int = 0) -> None:
    """A telephone that registers its number (sipsak), at a registrar that asks for a password."""
    stub(lab, SIP, "sip", f"--password={PASSWORD}")
    who = ("-s", f"sip:{NUMBER}@{lab.plan.server}", "-u", NUMBER, "-a", password)
    lab.client.run("sipsak", "-U", "-n", "-H", lab.plan.client, *who, "-x", "300", accept=(expect,))


@scenario(
    question="Why does the telephone not register?",
    shows="The telephone $client registers the number 4711 at $server with a wrong password: 401, then 403 Forbidden.",
    findings=("sip_refused",),
    decisive_filter="sip.Status-Code == 403",
    words=(r"(?i)SIP", r"\b403\b", r"4711", r"(?i)password"),
    answer_must_not=(SAYS_REFUSED, WRONG),
)
def sip_wrong_password(lab: Lab) -> None:
    office(lab)
    register(lab, WRONG, expect=NOT_REGISTERED)


@scenario(
    question="Does the telephone register, or is the 401 a fault?",
    shows="The telephone $client registers the number 4711 at $server: 401 with a challenge, as usual, then 200.",
    healthy=True,
    decisive_filter="sip.Status-Code == 200",
    words=NOTHING_WRONG,
    answer_must_not=SAYS_NO,
)
def sip_register_healthy(lab: Lab) -> None:
    office(lab)
    register(lab, PASSWORD)


def snmp(lab: Lab, privacy: str, expect: int = 0) -> None:
    """snmpd with one user of version 3, whom snmpget asks for one value, once and again."""
    place = lab.directory / "snmp"
    place.mkdir()
    configuration = place / "snmpd.conf"
    configuration.write_text(f'createUser {USER} SHA "{PASSWORD}" AES "{PASSWORD}"\nrouser {USER} priv\n')
    where = ("env", f"SNMP_PERSISTENT_DIR={place}", "MIBS=")
    address = f"udp:{lab.plan.server}:{SNMP}"
    serve = (*where, "snmpd", "-f", "-Lo", "-C", "-c", str(configuration), address)
    lab.server.serve(*serve, port=SNMP, protocol="udp")
    login = ("-v3", "-l", "authPriv", "-u", USER, "-a", "SHA", "-A", PASSWORD, "-x", "AES", "-X", privacy)
    ask = (*where, "snmpget", "-t", "1", "-r", "1", *login, lab.plan.server, UPTIME)
    lab.client.run(*ask, accept=(expect,))


@scenario(
    question="Why does the monitoring get no data?",
    shows="$client asks the agent $server (snmpd) with a wrong privacy password: it says who it is, and answers "
    "nothing that is encrypted.",
    findings=("snmp_encryption_unanswered",),
    decisive_filter="snmp.encryptedPDU",
    words=(r"(?i)SNMP", r"anna", r"(?i)privacy"),
    answer_must_not=(PASSWORD, WRONG),
)
def snmp_wrong_privacy_password(lab: Lab) -> None:
    office(lab)
    snmp(lab, WRONG, expect=TIMED_OUT)


@scenario(
    question="Is anything wrong with the monitoring?",
    shows="$client asks the agent $server (snmpd) for a value by SNMP version 3, encrypted, and gets it.",
    healthy=True,
    decisive_filter="snmp.encryptedPDU",
    words=NOTHING_WRONG,
)
def snmp_encrypted_healthy(lab: Lab) -> None:
    office(lab)
    snmp(lab, PASSWORD)
