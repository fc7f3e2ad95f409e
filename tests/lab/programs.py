"""The programs that the lab runs, and the Debian package that brings each.

Rules
* A missing program is one sentence that names its package, before anything is built; nothing is skipped silently.
* A program gets a bare environment, so that no proxy, locale or configuration of the machine leaks into a capture.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

PACKAGES = {
    "aria2c": "aria2",
    "chronyd": "chrony",
    "curl": "curl",
    "danted": "dante-server",
    "dnsmasq": "dnsmasq-base",
    "dovecot": "dovecot-imapd dovecot-pop3d",
    "dumpcap": "wireshark-common",
    "ethtool": "ethtool",
    "faketime": "faketime",
    "freeradius": "freeradius",
    "gnutls-cli": "gnutls-bin",
    "gnutls-serv": "gnutls-bin",
    "ifconfig": "net-tools",
    "iodine": "iodine",
    "iodined": "iodine",
    "ip": "iproute2",
    "java": "default-jdk-headless",
    "kadmin.local": "krb5-admin-server",
    "keytool": "default-jre-headless",
    "kinit": "krb5-user",
    "krb5kdc": "krb5-kdc",
    "kvno": "krb5-user",
    "ldapadd": "ldap-utils",
    "ldapsearch": "ldap-utils",
    "mosquitto": "mosquitto",
    "mosquitto_passwd": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "nft": "nftables",
    "nginx": "nginx-light",
    "ntpdig": "ntpsec-ntpdig",
    "openssl": "openssl",
    "openvpn": "openvpn",
    "ping": "iputils-ping",
    "psql": "postgresql",
    "radclient": "freeradius-utils",
    "redis-cli": "redis-tools",
    "redis-server": "redis-server",
    "rpcbind": "rpcbind",
    "rpcinfo": "rpcbind",
    "rsync": "rsync",
    "runuser": "util-linux",
    "sipsak": "sipsak",
    "slapd": "slapd",
    "smbclient": "smbclient",
    "smbd": "samba",
    "smbpasswd": "samba-common-bin",
    "snmpd": "snmpd",
    "snmpget": "snmp",
    "socat": "socat",
    "ss": "iproute2",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "sysctl": "procps",
    "telnet": "inetutils-telnet",
    "telnetd": "inetutils-telnetd",
    "tinyproxy": "tinyproxy",
    "tshark": "tshark",
    "vsftpd": "vsftpd",
}
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}


class LabError(Exception):
    """The lab could not make what a scenario says; the message says what to do."""


def missing() -> list[str]:
    """One sentence for each program that this machine lacks."""
    return [
        f"{program} is missing: apt-get install {package}"
        for program, package in PACKAGES.items()
        if shutil.which(program, path=ENVIRONMENT["PATH"]) is None
    ]


def run(command: Iterable[str], *, stdin: bytes = b"", accept: tuple[int, ...] = (0,), timeout: float = 30) -> bytes:
    """Run a program to its end and return its standard output; another exit code than accepted is an error."""
    argv = list(command)
    done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, env=ENVIRONMENT, check=False)
    if done.returncode not in accept:
        said = done.stderr.decode(errors="replace").strip()
        raise LabError(f"{' '.join(argv)!r} ended with {done.returncode}, expected {accept}: {said}")
    return done.stdout
