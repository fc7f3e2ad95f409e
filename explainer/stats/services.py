"""Names of the services that people expect behind well-known ports (IANA, and common use)."""

_NAMES = {
    7: "echo", 9: "discard (wake-on-lan)", 19: "chargen", 20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet",
    25: "smtp", 49: "tacacs", 53: "dns", 67: "dhcp", 68: "dhcp", 69: "tftp", 80: "http", 88: "kerberos",
    102: "iso-tsap", 110: "pop3", 111: "portmapper", 119: "nntp", 123: "ntp", 135: "msrpc", 137: "netbios-ns",
    138: "netbios-dgm", 139: "netbios-ssn", 143: "imap", 161: "snmp", 162: "snmp-trap", 179: "bgp", 389: "ldap",
    443: "https", 445: "smb", 464: "kpasswd", 465: "smtps", 500: "isakmp", 502: "modbus", 513: "rlogin", 514: "syslog",
    515: "printer", 520: "rip", 546: "dhcpv6", 547: "dhcpv6", 548: "afp", 554: "rtsp", 587: "submission", 623: "ipmi",
    631: "ipp", 636: "ldaps", 853: "dns-over-tls", 873: "rsync", 989: "ftps-data", 990: "ftps", 993: "imaps",
    995: "pop3s", 1080: "socks", 1194: "openvpn", 1433: "ms-sql", 1434: "ms-sql-browser", 1521: "oracle",
    1645: "radius", 1646: "radius-accounting", 1701: "l2tp", 1723: "pptp", 1812: "radius", 1813: "radius-accounting",
    1883: "mqtt", 1900: "ssdp", 1935: "rtmp", 2049: "nfs", 2055: "netflow", 2181: "zookeeper", 2375: "docker",
    2379: "etcd", 2404: "iec-104", 3128: "http-proxy", 3260: "iscsi", 3268: "ldap-gc", 3306: "mysql", 3333: "stratum",
    3389: "rdp", 3478: "stun", 3702: "ws-discovery", 4433: "tls (tests)", 4500: "ipsec-nat-t", 4739: "ipfix",
    4789: "vxlan", 4840: "opc-ua", 5060: "sip", 5061: "sips", 5222: "xmpp", 5351: "nat-pmp", 5353: "mdns",
    5355: "llmnr", 5357: "ws-discovery over http", 5432: "postgresql", 5666: "nrpe (nagios)", 5671: "amqps",
    5672: "amqp", 5683: "coap", 5684: "coaps", 5900: "vnc", 5938: "teamviewer", 5985: "winrm", 6343: "sflow",
    6379: "redis", 6443: "kubernetes", 6667: "irc", 6881: "bittorrent", 7070: "anydesk", 8009: "google-cast",
    8080: "http-alternative", 8291: "winbox (mikrotik)", 8443: "https-alternative", 8883: "mqtts",
    9000: "http-alternative", 9092: "kafka", 9100: "printer (raw)", 9200: "elasticsearch", 9418: "git",
    10001: "ubiquiti-discovery", 10050: "zabbix-agent", 10051: "zabbix", 10250: "kubelet", 11211: "memcached",
    17500: "dropbox-lan-sync", 18080: "monero", 20000: "dnp3", 25565: "minecraft", 27015: "steam", 27017: "mongodb",
    32400: "plex", 44818: "ethernet-ip", 47808: "bacnet", 51820: "wireguard", 57621: "spotify-connect",
}  # fmt: skip


def service(port: int) -> str:
    """Return the service that usually answers on this port, or nothing."""
    return _NAMES.get(port, "")
