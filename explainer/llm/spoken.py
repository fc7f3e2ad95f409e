"""What protocols are for, in a few plain words."""

_CALLED = {
    "amqp": ("AMQP", "messages between programs"), "bgp": ("BGP", "routers exchange routes"),
    "bittorrent": ("BitTorrent", "files are exchanged with strangers"), "bt-dht": ("BitTorrent's"
    " DHT", "peers are looked for"),
    "browser": ("the Windows browser service", "Windows hosts announce themselves"),
    "coap": ("CoAP", "small devices are read and set"), "dcerpc": ("DCE/RPC", "Windows services are called"),
    "dhcp": ("DHCP", "hosts get their addresses"), "dhcpv6": ("DHCPv6", "hosts get their addresses"),
    "dns": ("DNS", "names are looked up"), "dtls": ("DTLS", "encrypted datagrams"), "esp": ("IPsec", "an encrypted"
    " tunnel"),
    "ftp": ("FTP", "commands of a file transfer"), "ftp-data": ("FTP data", "a file or a listing"),
    "git": ("git", "a repository is fetched"), "gquic": ("QUIC", "encrypted web traffic"),
    "h225": ("H.323", "telephony"),
    "http": ("HTTP", "web requests, not encrypted"), "http2": ("HTTP/2", "web requests, not encrypted"),
    "imap": ("IMAP", "a mailbox is read"), "ipp": ("IPP", "printing"), "irc": ("IRC", "chat"),
    "isakmp": ("IKE", "an IPsec tunnel is agreed on"), "kerberos": ("Kerberos", "tickets to log in"),
    "krb5": ("Kerberos", "tickets to log in"), "ldap": ("LDAP", "a directory of users is asked"),
    "cldap": ("CLDAP", "a domain controller is looked for"), "llmnr": ("LLMNR", "Windows asks its neighbours for a"
    " name"),
    "mbtcp": ("Modbus", "control of machines"), "mdns": ("mDNS", "devices of the local network announce and look for"
    " each"
    " other"), "memcache": ("memcached", "a cache"), "mongo": ("MongoDB", "a database"), "mount": ("NFS's mount"
    " protocol",
    "a network drive is opened"), "mqtt": ("MQTT", "messages of devices"), "mysql": ("MySQL", "a database"),
    "nbdgm": ("NetBIOS datagrams", "Windows hosts announce themselves"), "nbns": ("NetBIOS names", "Windows looks for a"
    " name in the local network"), "nfs": ("NFS", "a network drive"), "ntp": ("NTP", "the clock is set"),
    "openvpn": ("OpenVPN", "an encrypted tunnel"), "pgsql": ("PostgreSQL", "a database"), "pop": ("POP3", "mail is"
    " fetched"),
    "portmap": ("the portmapper (rpcbind)", "who asks is told which RPC services, such as NFS, a host offers"),
    "quic": ("QUIC", "encrypted web traffic"), "radius": ("RADIUS", "users are let into the network"),
    "rdp": ("RDP", "a remote desktop"), "resp": ("Redis", "a database or cache"), "rsh": ("rsh", "a terminal, not"
    " encrypted"),
    "rsync": ("rsync", "files are synchronised"), "rtcp": ("RTCP", "reports about a call"), "rtp": ("RTP", "sound or"
    " video of"
    " a call"), "rtsp": ("RTSP", "video is controlled"), "sip": ("SIP", "telephone calls are set up"),
    "smb": ("SMB 1", "Windows file sharing"), "smb2": ("SMB", "Windows file sharing"), "smtp": ("SMTP", "mail is sent"),
    "snmp": ("SNMP", "devices are monitored"), "socks": ("SOCKS", "connections through a proxy"), "ssdp": ("SSDP"
    " (UPnP)",
    "devices of the local network look for each other"), "ssh": ("SSH", "an encrypted terminal or file transfer"),
    "ssl": ("TLS", "encrypted"), "stun": ("STUN", "a host learns its public address, as calls do"), "syslog": ("syslog",
    "log messages"), "tds": ("TDS", "SQL Server's database protocol"), "telnet": ("Telnet", "a terminal, not"
    " encrypted"),
    "tftp": ("TFTP", "a small file, often a device's configuration"), "tls": ("TLS", "encrypted"),
    "vnc": ("VNC", "a screen is"
    " shared"), "vxlan": ("VXLAN", "a tunnel between virtual networks"), "websocket": ("WebSocket", "messages of a web"
    " page"), "wg": ("WireGuard", "an encrypted tunnel"), "xmpp": ("XMPP", "chat"),
}  # fmt: skip
ENCRYPTED = frozenset({"dtls", "esp", "gquic", "isakmp", "openvpn", "quic", "ssh", "ssl", "tls", "wg"})
_UNKNOWN = "a protocol that Wireshark does not recognise"


def name(layer: str) -> str:
    """Return the protocol's name as people write it."""
    return _CALLED[layer][0] if layer in _CALLED else layer


def described(layer: str) -> str:
    """Return "DNS (names are looked up)", the bare name of others, and that it is unknown where there is none."""
    if not layer:
        return _UNKNOWN
    return f"{_CALLED[layer][0]} ({_CALLED[layer][1]})" if layer in _CALLED else layer
