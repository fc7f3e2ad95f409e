"""Kerberos: a KDC that grants a ticket, and one that does not (krb5kdc and kinit of MIT)."""

from __future__ import annotations

from pathlib import Path

from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, USER, office
from .http import NOTHING_WRONG

REALM, SERVICE, KDC = "LAB.EXAMPLE", "host/files.lab.example", 88
LATE = "berta"
"""A user whose password has expired."""
NOT_GRANTED = 1
KERBEROS_ERROR = "kerberos.error_code && kerberos.error_code != 25"


def kdc(lab: Lab) -> None:
    """A KDC on the server, with one user and one service; clients ask it over UDP."""
    place = lab.directory / "krb5"
    place.mkdir()
    # kdc_timesync = 0: the client says what its own clock shows, in place of what it learnt from the KDC.
    (place / "krb5.conf").write_text(
        f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nkdc_timesync = 0\n"
        f"dns_canonicalize_hostname = false\nrdns = false\n[realms]\n{REALM} = {{\nkdc = {lab.plan.server}\n}}\n"
    )
    (place / "kdc.conf").write_text(
        f'[kdcdefaults]\nkdc_listen = {lab.plan.server}:{KDC}\nkdc_tcp_listen = ""\n[realms]\n{REALM} = {{\n'
        f"database_name = {place}/principal\nkey_stash_file = {place}/stash\n}}\n"
    )
    of_kdc = ("env", f"KRB5_CONFIG={place}/krb5.conf", f"KRB5_KDC_PROFILE={place}/kdc.conf")
    lab.server.run(*of_kdc, "kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
    lab.server.run(*of_kdc, "kadmin.local", "-q", f"addprinc +requires_preauth -pw {PASSWORD} {USER}")
    late = f"addprinc +requires_preauth -pw {PASSWORD} -pwexpire yesterday {LATE}"
    lab.server.run(*of_kdc, "kadmin.local", "-q", late)
    lab.server.run(*of_kdc, "kadmin.local", "-q", f"addprinc -randkey {SERVICE}")
    lab.server.serve(*of_kdc, "krb5kdc", "-n", port=KDC, protocol="udp")


def of_client(lab: Lab) -> tuple[str, ...]:
    place: Path = lab.directory / "krb5"
    return ("env", f"KRB5_CONFIG={place}/krb5.conf", f"KRB5CCNAME=FILE:{place}/tickets")


def kinit(lab: Lab, user: str, password: str, *under: str, expect: int = 0) -> None:
    lab.client.run(*of_client(lab), *under, "kinit", user, stdin=f"{password}\n".encode(), accept=(expect,))


@scenario(
    question="Why can the user not log in to the domain?",
    shows="$client asks the KDC $server for a ticket for a user whose name is misspelt (ana): it knows no such user.",
    findings=("kerberos_refused",),
    decisive_filter="kerberos.error_code == 6",
    words=(r"KDC_ERR_C_PRINCIPAL_UNKNOWN|no such user", r"\bana\b", r"(?i)Kerberos|KDC"),
    answer_must_not=(SAYS_REFUSED, r"(?i)clocks?\b.* differ"),
)
def kerberos_unknown_user(lab: Lab) -> None:
    office(lab)
    kdc(lab)
    kinit(lab, "ana", PASSWORD, expect=NOT_GRANTED)


@scenario(
    question="Since this morning the login fails, although the password is right. Why?",
    shows="The clock of $client is 20 minutes slow: the KDC $server refuses its request for a ticket (clock skew).",
    findings=("kerberos_refused",),
    decisive_filter="kerberos.error_code == 37",
    words=(r"KRB_AP_ERR_SKEW", r"(?i)clock", r"(?i)time server|NTP|set right"),
    answer_must_not=(SAYS_REFUSED, r"(?i)password is wrong"),
)
def kerberos_clock_skew(lab: Lab) -> None:
    office(lab)
    kdc(lab)
    kinit(lab, USER, PASSWORD, "faketime", "-f", "-20m", expect=NOT_GRANTED)


@scenario(
    question="Berta's password is right. Why does she not get in?",
    shows="$client asks the KDC $server for a ticket for berta, whose password has expired; it then gets a ticket for "
    "changing it, and leaves.",
    findings=("kerberos_refused",),
    decisive_filter="kerberos.error_code == 23",
    words=(r"KDC_ERR_KEY_EXPIRED", r"(?i)password has expired", r"berta"),
    answer_must_not=(SAYS_REFUSED, r"(?i)later attempt succeeded"),
)
def kerberos_password_expired(lab: Lab) -> None:
    office(lab)
    kdc(lab)
    kinit(lab, LATE, PASSWORD, expect=NOT_GRANTED)


@scenario(
    question="Is the Kerberos login in order?",
    shows="$client gets a ticket from the KDC $server, which first asks for pre-authentication as usual, and then a "
    "ticket for a service.",
    healthy=True,
    decisive_filter="kerberos.msg_type == 13",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED, r"(?i)refused|denied"),
)
def kerberos_tickets_healthy(lab: Lab) -> None:
    office(lab)
    kdc(lab)
    kinit(lab, USER, PASSWORD)
    lab.client.run(*of_client(lab), "kvno", SERVICE)
