"""Which rules' findings answer a question about each topic."""

from explainer.brief.topics import Topic

RISKY = (
    "cleartext_", "exposed_", "policy_", "smb1_", "dns_tunnel", "attack_", "address_spoofed", "dns_zone_transfer",
)  # fmt: skip
ABOUT = {
    Topic.TLS: ("tls_",),
    Topic.SLOWNESS: (
        "tcp_slow_", "tcp_many_round_trips", "tcp_loss", "tcp_zero_window", "tcp_window_limited",
        "tcp_delayed_ack", "http_slow", "http_expect", "http_stalled", "unwanted_bittorrent", "dns_slow",
        "dns_late", "path_mtu_blackhole", "broadcast_storm", "dns_partly_unanswered", "rtp_",
    ),
    Topic.LOSS: (
        "capture_duplicates", "tcp_loss", "tcp_dead", "tcp_out_of_order", "path_mtu", "path_ping_lost",
        "tcp_answer_lost", "tls_flight_lost", "tls_hello_unacknowledged", "rtp_loss",
        "dns_late_fallback", "dns_partly_unanswered", "dns_unanswered",
    ),
    Topic.RESETS: ("tcp_reset", "tcp_idle_reset", "tcp_half_open", "tcp_refused"),
    Topic.SILENCE: (
        "capture_one_direction", "tcp_syn_unanswered", "tcp_dead", "tcp_idle_", "path_", "dns_unanswered",
        "udp_unanswered", "tcp_syn_ack", "tcp_no_answer", "tcp_answer_lost",
    ),
    Topic.SEGMENT_SIZE: ("path_mtu", "path_ping_lost", "tcp_answer_lost"),
    Topic.COVERAGE: ("capture_",),
    Topic.DESTINATIONS: ("unwanted_bittorrent",),
    Topic.STATUS: ("http_", "http2_", "grpc_"),
    Topic.SUSPICION: ("scan_", "unwanted_", "icmp_tunnel", *RISKY),
    Topic.PASSWORDS: ("cleartext_",),
    Topic.RISKS: ("unwanted_", "icmp_tunnel", "tls_obsolete_version", "tls_certificate_weak", "wep_", *RISKY,
    ),
    Topic.ENCRYPTED: ("wep_",),
    Topic.PINGS: ("path_", "scan_pings", "icmp_tunnel"),
    Topic.REACH: (
        "path_", "scan_pings", "icmp_tunnel", "tcp_rejected_by_icmp", "tcp_syn_unanswered", "address_arp_unanswered",
        "address_neighbor_unanswered", "sctp_unanswered", "udp_unanswered", "quic_unanswered",
    ),
    Topic.OVERVIEW: (
        "unwanted_bittorrent", "unwanted_cryptocurrency", "path_traced", "attack_", "scan_", "icmp_tunnel",
        "dns_tunnel", "dns_zone_transfer",
    ),
    Topic.ADDRESSES: ("address_",),
    Topic.ARP: ("address_arp", "address_duplicate", "address_spoofed", "scan_arp"),
    Topic.TUNNELS: ("udp_unanswered", "openvpn_refused", "tunnel_one_way", "ike_refused", "coded_refusal"),
    Topic.GROUPS: ("multicast_",),
    Topic.SMB_VERSION: ("unwanted_smb1",),
    Topic.FRAGMENTS: ("path_fragments_lost", "path_mtu"),
    Topic.ROUTING: ("ospf_", "bgp_", "address_neighbor", "coded_refusal"),
    Topic.NAMES: ("dns_",),
    Topic.CLOCK: ("ntp_", "capture_clock", "kerberos_", "udp_unanswered"),
    Topic.SEARCHES: ("ldap_",),
    Topic.FILES: ("ftp_", "smb_refused", "nfs_"),
    Topic.APPLICATIONS: (
        "mail_", "mailbox_", "ftp_", "smb_", "ldap_", "kerberos_", "database_", "ntp_", "radius_", "sip_", "ssh_",
        "wireless_", "bgp_", "ppp_", "nfs_", "service_error", "socks_", "opc_ua_",
        "turn_", "snmp_", "rtp_", "coded_refusal", "sctp_",
    ),
}  # fmt: skip
"""The rules, by how their ids begin, whose findings answer a question about each topic."""
