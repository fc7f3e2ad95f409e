"""Telling a host name from what only looks like one: a tshark field (tcp.stream), a version, an abbreviation."""

import re

from explainer.privacy.endings import COUNTRY_LETTERS, is_of_domain

_PROTOCOLS = re.compile(
    r"(?:_ws|arp|bgp|bittorrent|bootp|data|dcerpc|dhcp|dhcpv6|dns|dtls|eth|expert|frame|ftp|gre|gsm|h245|http|"
    r"http2|http3|icmp|icmpv6|igmp|ike|imap|ip|ipv6|isakmp|isis|json|kerberos|ldap|llc|lldp|lsarpc|mdns|"
    r"mime_multipart|modbus|mqtt|mysql|nbns|nbss|ntlmssp|ntp|ospf|pgsql|pkcs1|pkix1explicit|pkix1implicit|pop|"
    r"portmap|ppp|pppoe|quic|radius|rpc|rtcp|rtp|rtsp|sctp|sip|smb|smb2|smtp|snmp|socks|ssdp|ssh|ssl|stp|stun|"
    r"syslog|tcp|tds|telnet|tftp|tls|tpkt|udp|vlan|vnc|vxlan|websocket|wlan|x509af|x509ce|x509if|x509sat|xml)\..*"
)
_FIELD = re.compile(r"[a-z_][a-z0-9_]*(?:\.(?:[A-Za-z0-9_]+|[A-Z][a-z]+-[A-Z][A-Za-z]+))+")
_LEAST_LABEL = 2
_BEFORE_TWO_LETTERS = frozenset({"src", "dst", "flags", "port", "bridge", "root"})


def is_field(token: str) -> bool:
    """Return whether a dotted word is one of tshark's field names, and no host that is called like a protocol.

    `ftp.acme.com` and `smtp.acme.de` are hosts; few fields end with two letters (ip.id, eth.dst.ig).
    """
    head, _, last = token.rpartition(".")
    if _FIELD.fullmatch(token) is None or _PROTOCOLS.fullmatch(token) is None or is_of_domain(last):
        return False
    return len(last) > COUNTRY_LETTERS or "." not in head or head.rpartition(".")[2] in _BEFORE_TWO_LETTERS


def is_host(token: str) -> bool:
    """Return whether a dotted word reads as a host name or a file name; its last label may be cut (`_msd…`)."""
    last = token.rstrip(".").rpartition(".")[2]
    return len(last) >= _LEAST_LABEL and not last[0].isdecimal() and "_" not in last[1:] and not is_field(token)
