"""What protocols are called in plain words, by their names in frame.protocols."""

NAMES = {
    # the web, names, time, addresses
    "http": "HTTP (web, in clear text)", "http2": "HTTP/2 (web)", "http3": "HTTP/3 (web)", "websocket": "WebSocket",
    "tls": "TLS (encrypted)", "dtls": "DTLS (encrypted, over UDP)", "quic": "QUIC (encrypted web over UDP)",
    "gquic": "QUIC (Google's early version)", "ocsp": "OCSP (certificate status)",
    "dns": "DNS (name lookups)", "mdns": "multicast DNS", "llmnr": "LLMNR (Windows name lookups)",
    "nbns": "NetBIOS name service", "nbdgm": "NetBIOS datagrams", "browser": "Windows browser announcements",
    "ntp": "NTP (time)", "ptp": "PTP (time)", "dhcp": "DHCP (address assignment)", "bootp": "BOOTP",
    "dhcpv6": "DHCPv6 (address assignment)", "arp": "ARP (address resolution)", "ssdp": "SSDP (UPnP discovery)",
    "wpad": "WPAD", "whois": "WHOIS", "finger": "finger", "ident": "ident", "gopher": "Gopher",
    # mail, files, terminals, desktops
    "smtp": "SMTP (mail)", "pop": "POP3 (mailbox)", "imap": "IMAP (mailbox)", "nntp": "NNTP (news)",
    "ftp": "FTP (file transfer, in clear text)", "ftp-data": "FTP data", "tftp": "TFTP (file transfer)",
    "ssh": "SSH", "telnet": "Telnet (terminal, in clear text)", "rlogin": "rlogin", "rsh": "rsh", "exec": "rexec",
    "smb": "SMB 1 (old Windows file sharing)", "smb2": "SMB 2 or 3 (Windows file sharing)", "nbss": "NetBIOS sessions",
    "nfs": "NFS (network file system)", "mount": "NFS mount", "portmap": "portmapper (RPC)", "nlm": "NFS locks",
    "rpc": "Sun RPC", "dcerpc": "DCE/RPC (Windows remote calls)", "afs": "AFS (file system)", "rx": "Rx (AFS)",
    "ncp": "NCP (NetWare)", "afp": "AFP (Apple file sharing)", "iscsi": "iSCSI (storage)", "rsync": "rsync",
    "rdp": "RDP (remote desktop)", "rdpudp": "RDP over UDP (remote desktop)", "vnc": "VNC (remote desktop)",
    "x11": "X11 (remote windows)", "adb": "ADB (Android debug bridge)", "svn": "Subversion", "git": "git",
    # directories, logins, databases, queues
    "ldap": "LDAP (directory)", "cldap": "CLDAP (directory)", "kerberos": "Kerberos (logins)",
    "radius": "RADIUS (logins)", "diameter": "Diameter (logins and billing)", "tacplus": "TACACS+ (logins)",
    "eapol": "EAPOL (802.1X logins)", "pana": "PANA (logins)", "mysql": "MySQL", "pgsql": "PostgreSQL",
    "tds": "SQL Server (TDS)", "tns": "Oracle (TNS)", "mongo": "MongoDB", "resp": "Redis", "cql": "Cassandra",
    "couchbase": "Couchbase", "memcache": "memcached", "drda": "Db2 (DRDA)", "aerospike": "Aerospike",
    "mqtt": "MQTT (messages)", "mqttsn": "MQTT-SN", "amqp": "AMQP (messages)", "kafka": "Kafka (messages)",
    "stomp": "STOMP (messages)", "coap": "CoAP (small devices)", "zmtp": "ZeroMQ", "nats": "NATS (messages)",
    # calls, chat, media
    "sip": "SIP (calls)", "rtp": "RTP (voice or video)", "rtcp": "RTCP (about voice or video)",
    "skinny": "Skinny (calls)",
    "h225": "H.225 (calls)", "h245": "H.245 (calls)", "mgcp": "MGCP (calls)", "megaco": "Megaco (calls)",
    "iax2": "IAX2 (calls)", "stun": "STUN (finding the way through NAT)", "classicstun": "STUN", "rtsp": "RTSP (media)",
    "rtmpt": "RTMP (media)", "xmpp": "XMPP (chat)", "irc": "IRC (chat)", "discord": "Discord", "skype": "Skype",
    "msnms": "MSN Messenger (chat)", "aim": "AIM (chat)", "ymsg": "Yahoo Messenger (chat)",
    # management
    "snmp": "SNMP (management)", "syslog": "syslog (log messages)", "cflow": "NetFlow", "sflow": "sFlow",
    "ipmi": "IPMI (hardware management)", "rmcp": "RMCP (hardware management)", "openflow": "OpenFlow",
    "openflow_v1": "OpenFlow", "openflow_v4": "OpenFlow", "zabbix": "Zabbix (monitoring)", "wol": "Wake-on-LAN",
    "elasticsearch": "Elasticsearch", "tpncp": "TPNCP", "capwap": "CAPWAP (access points)", "lwapp": "LWAPP",
    # industry, buildings, cars
    "mbtcp": "Modbus/TCP (industrial control)", "modbus": "Modbus (industrial control)",
    "s7comm": "S7 (Siemens industrial control)", "dnp3": "DNP3 (industrial control)",
    "enip": "EtherNet/IP (industrial control)", "cip": "CIP (industrial control)",
    "cipio": "CIP I/O (industrial control)",
    "opcua": "OPC UA (industrial control)", "iec60870_104": "IEC 60870-5-104 (industrial control)",
    "104apci": "IEC 60870-5-104 (industrial control)", "mms": "MMS (IEC 61850, industrial control)",
    "goose": "GOOSE (IEC 61850, industrial control)", "pn_io": "PROFINET (industrial control)",
    "pn_rt": "PROFINET (industrial control)", "pn_dcp": "PROFINET discovery", "ecat": "EtherCAT (industrial control)",
    "bacnet": "BACnet (building control)", "bvlc": "BACnet (building control)", "bacapp": "BACnet (building control)",
    "kip": "KNXnet/IP (building control)", "hartip": "HART-IP (industrial control)", "omron": "Omron FINS",
    "c1222": "C12.22 (electricity meters)", "someip": "SOME/IP (vehicles)", "doip": "DoIP (vehicle diagnosis)",
    "atg": "tank gauges",
    # peer to peer, hidden ways
    "bittorrent": "BitTorrent", "bt-dht": "BitTorrent DHT", "bt-utp": "BitTorrent uTP", "gnutella": "Gnutella",
    "edonkey": "eDonkey", "socks": "SOCKS (proxy)", "bitcoin": "Bitcoin", "openvpn": "OpenVPN", "wg": "WireGuard (VPN)",
    "isakmp": "IKE (IPsec key exchange)", "udpencap": "IPsec through NAT", "esp": "IPsec ESP (encrypted)",
    "ah": "IPsec AH", "l2tp": "L2TP (tunnel)", "pptp": "PPTP (tunnel)", "sstp": "SSTP (tunnel)",
    # routing, redundancy, switches
    "bgp": "BGP (routing)", "ospf": "OSPF (routing)", "rip": "RIP (routing)", "ripng": "RIPng (routing)",
    "eigrp": "EIGRP (routing)", "isis": "IS-IS (routing)", "isis.hello": "IS-IS (routing)", "babel": "Babel (routing)",
    "olsr": "OLSR (routing)", "aodv": "AODV (routing)", "hsrp": "HSRP (router redundancy)",
    "glbp": "GLBP (router redundancy)",
    "vrrp": "VRRP (router redundancy)", "carp": "CARP (router redundancy)", "bfd": "BFD (link checks)",
    "ldp": "LDP (MPLS labels)", "rsvp": "RSVP (reservations)", "mpls-echo": "MPLS echo",
    "pim": "PIM (multicast routing)",
    "igmp": "IGMP (multicast groups)", "dvmrp": "DVMRP (multicast routing)", "msdp": "MSDP (multicast routing)",
    "stp": "spanning tree (STP)", "lldp": "LLDP (neighbours)", "cdp": "CDP (Cisco neighbours)",
    "vtp": "VTP (Cisco VLANs)",
    "dtp": "DTP (Cisco trunks)", "udld": "UDLD (Cisco link checks)", "lacp": "LACP (link bundles)",
    "slow": "LACP (link bundles)",
    "loop": "loopback test", "mdp": "MDP", "cfm": "Ethernet OAM", "mrp": "MRP", "homeplug-av": "HomePlug",
    "pppoed": "PPPoE discovery", "lcp": "PPP link control", "pap": "PPP PAP (login in clear text)",
    "chap": "PPP CHAP (login)", "ipcp": "PPP IP configuration", "icmp": "ICMP", "icmpv6": "ICMPv6",
    "ipx": "IPX (NetWare)",
    "atalk": "AppleTalk", "ddp": "AppleTalk", "netbios": "NetBIOS", "slarp": "SLARP (Cisco serial links)",
    "hncp": "HNCP", "nhrp": "NHRP", "tipc": "TIPC", "wccp": "WCCP", "geonw": "GeoNetworking (vehicles)",
    # telephone networks
    "gtpv2": "GTPv2 (mobile network signalling)", "m3ua": "M3UA (telephone signalling)",
    "sccp": "SCCP (telephone signalling)",
    "s1ap": "S1AP (mobile network)", "ngap": "NGAP (mobile network)", "x2ap": "X2AP (mobile network)",
    "pfcp": "PFCP (mobile network)", "sctp": "SCTP", "dccp": "DCCP", "pgm": "PGM (multicast)",
    # radio, local buses
    "wlan": "Wi-Fi (802.11)", "wpan": "IEEE 802.15.4 radio", "zbee_nwk": "ZigBee", "btle": "Bluetooth Low Energy",
    "btl2cap": "Bluetooth", "bthci_acl": "Bluetooth", "bthci_cmd": "Bluetooth", "bthci_evt": "Bluetooth", "usb": "USB",
    "usbhid": "USB keyboard or mouse", "usbms": "USB storage", "can": "CAN bus", "netlink": "Linux netlink",
}  # fmt: skip
"""A protocol that is not in it is called as tshark calls it."""

CARRIERS = {
    "gre": "GRE", "vxlan": "VXLAN", "geneve": "Geneve", "gtp": "GTP (mobile network tunnel)", "teredo": "Teredo",
    "ayiya": "AYIYA", "erspan": "ERSPAN", "mpls": "MPLS", "pppoes": "PPPoE", "vlan": "802.1Q VLAN tags",
    "ieee8021ah": "provider backbone bridging (802.1ah)", "l2tp": "L2TP", "macsec": "MACsec", "hdlc": "HDLC",
    "ieee8021ad": "802.1ad VLAN tags", "cisco_metadata": "Cisco metadata", "fabricpath": "FabricPath",
    "wlan": "Wi-Fi (802.11)", "nsh": "NSH", "ipcomp": "IPComp", "lisp": "LISP", "socks": "SOCKS", "fr": "frame relay",
    "cfp": "FabricPath", "dot1q": "802.1Q VLAN tags", "esp": "IPsec ESP", "mpls-psc": "MPLS",
}  # fmt: skip
"""What carries other packets."""

SUBSUMED = {
    "tls": ("quic", "dtls"), "nbss": ("smb", "smb2"), "dcerpc": ("smb", "smb2"),
    "rpc": ("nfs", "mount", "portmap", "nlm"),
    "rx": ("afs",), "cip": ("enip",), "modbus": ("mbtcp",), "bacnet": ("bvlc",), "bacapp": ("bvlc",),
    "isis": ("isis.hello",),
    "iec60870_104": ("104apci",), "sccp": ("m3ua",), "ldap": ("cldap",), "smb": ("browser", "smb2"),
    "nbdgm": ("browser",),
    "h245": ("h225",), "ocsp": ("http",), "http": ("websocket", "ssdp"), "browser": (), "dns": ("mdns",),
}  # fmt: skip
"""What need not be named where one of the others is: it is a part of it, or carries it."""


FRAGMENTS = "fragments"
_OTHERS = {
    "data": "an unknown protocol", "ip": "a tunnel", FRAGMENTS: "fragments of IP packets (or an unknown protocol)",
}  # fmt: skip


def plain(layer: str) -> str:
    """Return the protocol's name in plain words."""
    if layer in _OTHERS:
        return _OTHERS[layer]
    return NAMES.get(layer) or CARRIERS.get(layer, layer)
