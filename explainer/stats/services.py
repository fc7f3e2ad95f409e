"""Names of the services that people expect behind well-known ports (IANA, and common use)."""

_NAMES = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 67: "dhcp", 68: "dhcp", 69: "tftp",
    80: "http", 88: "kerberos", 102: "iso-tsap", 110: "pop3", 111: "portmapper", 119: "nntp", 123: "ntp", 135: "msrpc",
    137: "netbios-ns", 138: "netbios-dgm", 139: "netbios-ssn", 143: "imap", 161: "snmp", 162: "snmp-trap", 179: "bgp",
    389: "ldap", 443: "https", 445: "smb", 464: "kpasswd", 465: "smtps", 500: "isakmp", 502: "modbus", 513: "rlogin",
    514: "syslog", 515: "printer", 520: "rip", 546: "dhcpv6", 547: "dhcpv6", 548: "afp", 554: "rtsp", 587: "submission",
    623: "ipmi", 631: "ipp", 636: "ldaps", 853: "dns-over-tls", 873: "rsync", 989: "ftps-data", 990: "ftps",
    993: "imaps", 995: "pop3s", 1080: "socks", 1194: "openvpn", 1433: "ms-sql", 1434: "ms-sql-browser", 1521: "oracle",
    1723: "pptp", 1812: "radius", 1813: "radius-accounting", 1883: "mqtt", 1900: "ssdp", 2049: "nfs", 2181: "zookeeper",
    2375: "docker", 2379: "etcd", 3128: "http-proxy", 3268: "ldap-gc", 3306: "mysql", 3333: "stratum", 3389: "rdp",
    3478: "stun", 4433: "tls (tests)", 4500: "ipsec-nat-t", 4789: "vxlan", 5060: "sip", 5061: "sips", 5222: "xmpp",
    5353: "mdns", 5355: "llmnr", 5432: "postgresql", 5671: "amqps", 5672: "amqp", 5900: "vnc", 5985: "winrm",
    6379: "redis", 6443: "kubernetes", 6667: "irc", 6881: "bittorrent", 8080: "http-alternative",
    8443: "https-alternative", 8883: "mqtts", 9000: "http-alternative", 9092: "kafka", 9200: "elasticsearch",
    9418: "git", 10250: "kubelet",
    11211: "memcached", 18080: "monero", 27017: "mongodb", 51820: "wireguard",
}  # fmt: skip


def service(port: int) -> str:
    """Return the service that usually answers on this port, or nothing."""
    return _NAMES.get(port, "")
