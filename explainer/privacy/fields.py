"""Telling a host name from what only looks like one: a tshark field (tcp.stream), a version, an abbreviation."""

import re

_PROTOCOLS = re.compile(
    r"(?:_ws|arp|bgp|bittorrent|bootp|data|dcerpc|dhcp|dhcpv6|dns|dtls|eth|expert|frame|ftp|gre|gsm|h245|http|"
    r"http2|http3|icmp|icmpv6|igmp|ike|imap|ip|ipv6|isakmp|json|kerberos|ldap|llc|lldp|lsarpc|mdns|"
    r"mime_multipart|modbus|mqtt|mysql|nbns|nbss|ntlmssp|ntp|ospf|pgsql|pkcs1|pkix1explicit|pkix1implicit|pop|"
    r"portmap|ppp|pppoe|quic|radius|rpc|rtcp|rtp|rtsp|sctp|sip|smb|smb2|smtp|snmp|socks|ssdp|ssh|ssl|stp|stun|"
    r"syslog|tcp|tds|telnet|tftp|tls|tpkt|udp|vlan|vnc|vxlan|websocket|wlan|x509af|x509ce|x509if|x509sat|xml)\..*"
)
_FIELD = re.compile(r"[a-z_][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+")
_LEAST_LABEL = 2


def is_field(token: str) -> bool:
    """Return whether a dotted word is one of tshark's field names."""
    return _FIELD.fullmatch(token) is not None and _PROTOCOLS.fullmatch(token) is not None


def is_host(token: str) -> bool:
    """Return whether a dotted word reads as a host name or a file name."""
    last = token.rstrip(".").rpartition(".")[2]
    return len(last) >= _LEAST_LABEL and not last[0].isdecimal() and "_" not in last and not is_field(token)
