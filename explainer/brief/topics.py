"""What people ask about: the words by which a topic is recognised, and the rules whose findings answer it.

Rule: words are tried on the whole question, whatever their case; a question may be about several topics.
"""

import re
from enum import StrEnum


class Topic(StrEnum):
    """A thing that people ask about."""

    TLS = "TLS"
    SLOWNESS = "slowness"
    LOSS = "loss"
    RESETS = "resets"
    SILENCE = "silence"
    COVERAGE = "what the capture holds"
    SUSPICION = "suspicious traffic"
    OUTCOME = "whether it worked"
    RTT = "round-trip time"
    PORTS = "ports"
    PROTOCOLS = "protocols"
    DESTINATIONS = "destinations"
    ALERTS = "TLS alerts"
    SEGMENT_SIZE = "segment size"
    PASSWORDS = "passwords in clear text"
    RISKS = "risky traffic"
    FILES = "files"
    ACCOUNTS = "accounts"
    NAMES = "names asked for"
    APPLICATIONS = "application servers"
    FRAME = "a certain frame"
    LENGTHS = "how long frames are"
    COUNT = "how many frames"
    WHEN = "when it was recorded"
    CONNECTIONS = "how many connections"
    NAME_SERVER = "name servers"
    ADDRESS = "the address behind a name"
    TLS_DETAILS = "what TLS agreed on"
    SOFTWARE = "programs"
    SYSTEM = "operating systems"
    CARDS = "hardware addresses"
    IP_VERSION = "IPv4 or IPv6"
    ENCRYPTED = "encryption"
    SITES = "web sites"
    VOLUME = "amounts of data"
    HOSTS = "hosts"
    OVERVIEW = "what goes on"
    BLAME = "whose fault it is"
    PINGS = "pings"
    ADDRESSES = "addresses of the local network"
    TUNNELS = "VPNs and tunnels"
    CARRIERS = "what carries the traffic"
    GATEWAY = "the default gateway"
    RATE = "how fast data moves"
    LEASES = "what DHCP gave"
    CLOSING = "who ended the connection"
    OWN_ADDRESS = "one's own address"
    ARP = "who asks for whose network card"
    DEVICES = "switches and neighbours"
    IN_USE = "whether a protocol is in use"


WORDS = {
    Topic.TLS: r"\b(tls|ssl|https|certificates?|certs?|cipher\w*|ssl/tls|x\.?509)\b",
    Topic.SLOWNESS: r"\b(slow\w*|sluggish|lags?|laggy|take[sn]? (ages|(so |too |very )?long|\d+ ?s\w*)|throughput"
    r"|bottleneck|stall\w*|freez\w*|performance|choppy|hung(?! up)|wait\w*"
    r"|network or (?:the )?\w+|or (?:the )?network)\b",
    Topic.LOSS: r"\b(lost|loss(es)?|lossy|unreliable|quality|retransmi\w*|re-?sent|dropped|los(?:e|es|ing)"
    r"|dup(?:licate)? ?acks?|out.of.order)\b",
    Topic.RESETS: r"\b(resets?|rsts?|(?:hung|hangs?) up|cut off|disconnect\w*)\b",
    Topic.SILENCE: r"\b(never|not?|without|n.t)\b.{0,20}\b(answer|respon|repl)\w*|\b(down|hangs?|unreachable)\b",
    Topic.COVERAGE: r"\b(duplicat\w*(?! acks?)|twice|cop(y|ies)|retransmissions|(one|both) directions?"
    r"|asymmetric\w*)\b",
    Topic.SUSPICION: r"\b(scan\w*|guess\w*|attack\w*|doing|suspicious|intru\w+|prob(e|es|ing)|mal(?:ware|icious)"
    r"|virus\w*|trojans?|infect\w+"
    r"|compromis\w+|hack\w*|spy\w*|hijack\w*|exploit\w*|poison\w*|spoof\w*|flood\w*|brute|stolen)\b",
    Topic.OUTCOME: r"\b(succe\w+|complet(e|ed)|(go|went|goes) well|did .*\bwork|accepted|deliver\w*|granted|assigned"
    r"|let in|(gets?|got) (an?|the|its|connected|through|in)\b|(log(s|ged)?|sign(s|ed)?) in)\b"
    r"|^(?!.*\b(?:which|what|how)\b).*\b(?:was|were)\b.{0,40}\b(?:(?:down|up)?loaded|fetched|transferred)\b"
    r"|^\s*(?:did|has|have|was|were|does|do)\b(?!.*\b(?:which|what|how|passw\w+|clear|encrypt\w*|secrets?|lost)\b)"
    r".*\b(?:load(?:s|ed)?|arrive[sd]?|reach(?:es|ed)?|sen[dt]|post(?:s|ed)?|join(?:s|ed)?"
    r"|(?:come|came|go|went)s? (?:up|through))\b",
    Topic.RTT: r"\b(rtt|round[- ]?trips?|latency|latencies|ping times?|delays?)\b",
    Topic.PORTS: r"\bports?\b",
    Topic.PROTOCOLS: r"\b(protocols?|hierarchy|http/?[123]|http versions?)\b",
    Topic.ALERTS: r"\balerts?\b",
    Topic.SEGMENT_SIZE: r"\b(mss|mtu|(?:packet|segment) sizes?"
    r"|packets .{0,40}\b(?:small|large|big|tiny)|(?:small|tiny|large|big) (?:packets|ones|pages"
    r"|files|downloads|answers))\b",
    # Whether one was guessed, the attempts tell, not whether it can be read.
    Topic.PASSWORDS: r"^(?!.*\b(?:guess|brute.?forc)).*"
    r"\b(passwords?|passwd|passphrases?|credentials?|clear.?text|plain.?text|secrets?|sniff\w*)\b",
    Topic.RISKS: r"\b(normal|unusual|odd|strange|unwanted|forbidden|allowed|policy|risk\w*|danger\w*|insecure|unsafe"
    r"|secur(?:e|ity)|outdated|obsolete|exposed|across the internet|from outside|mal(?:ware|icious)|tunnels?"
    r"|min(?:ing|ers?))\b",
    Topic.FILES: r"\b(files?|(?:get|post|put|http|web) requests?|upload\w*|download\w*|document\w*"
    r"|exfiltrat\w*|transferred|shares?|urls?)\b",
    Topic.ACCOUNTS: r"\b(accounts?|user ?names?|users?|log(ged|s|ging)?[ -]?(in|on)s?|logins?|credentials?)\b",
    Topic.APPLICATIONS: r"\b(e?-?mails?|smtp|imap|pop3?|mailbox|ftp|log(ged|s|ging)?[ -]?(in|on)s?|sign(ed)?[ -]in"
    r"|logins?|databases?|postgres\w*|mysql|mariadb|sql|redis|ldap|kerberos|directory|smb|shares?|ssh|radius|sip"
    r"|phones?|calls?"
    r"|ntp|clocks?|prox(?:y|ies)|socks\d?|bgp|modbus|diameter|nfs|mount\w*|wi-?fi|wireless|wlan)\b",
    Topic.BLAME: r"\b(network or|server or|client or|or the (network|server|client)"
    r"|whose fault|our (server|network|fault))\b",
    Topic.CARRIERS: r"\b(encapsulat\w*|carried|tunnel\w*|vlans?|vxlan|gre|mpls|geneve|wrapped|vni"
    r"|(?:un)?tagged|trunk|802\.1q)\b",
    Topic.PINGS: r"\b(ping(s|ed|ing)?|icmp(v6)?|trace ?routes?|ttl|hops?|reach\w*|is .{0,40}\b(up|down|alive))\b",
    Topic.ADDRESSES: r"\b(dhcp\w*|ipv6|(ip |no |an )?address(es)?|leases?|arp|gateway|slaac|router|spoof\w*)\b",
    Topic.TUNNELS: r"\b(vpns?|tunnels?|ipsec|ike(v2)?|wireguard|openvpn)\b",
    Topic.CLOSING: r"\b(who|which (?:side|host|one)|what)\b.{0,30}\b(clos\w+|end(?:s|ed)|terminat\w+|disconnect\w*"
    r"|hung up|hangs up|reset)\b"
    r"|\b(?:connections?|sessions?|downloads?|uploads?|transfers?)\b.{0,20}\b(?:end(?:s|ed)?|closed?|closes|stop\w*"
    r"|terminat\w+|abort\w*|break\w*|broke\w*|interrupt\w*)\b|\bdisconnect\w*",
    Topic.NAMES: r"\b(who (asked|asks|looked|looks|queried)|asked for|look(ed|s|ing)?[ -]?ups?|resol\w+|dns|domains?"
    r"|host ?names?|quer(y|ies|ied))\b",
}
PLAIN = {
    Topic.GATEWAY: r"\b(default |standard )?gateways?\b"
    r"|\b(ip|address|ips|which|who|what) (\w+ ){0,3}(the |our |my )?router\b|\brouter'?s? (ip|address)",
    Topic.LEASES: r"\bleases?\b|\bdhcp\b|\b(sub)?net ?masks?\b"
    r"|\b(gave|gives?|given|assign(s|ed)?|got|gets?)\b.{0,40}\baddress",
    Topic.OWN_ADDRESS: r"\bmy (own )?(current |local |private )?(ip\b|(ip )?address|machine|computer|host\b)"
    r"|\bam i\b|\bwhere was (it|this) (recorded|captured|taken)\b",
    Topic.RATE: r"^(?!.*\b(most|who|whom|connection)\b)(?!.*\bhow fast\b.{0,30}\b(answer|repl|respon|connect|react))"
    r".*\b(how fast|bandwidth|throughput|speed"
    r"|(data|bit|transfer) ?rate|[kmg]?bits?(?:/s| per second)|[kmg]bps"
    r"|how long (did|does|do) .{0,30}(down|up)loads?)\b",
    Topic.COUNT: r"\b(how many|number of|count(?: the| of)?) (packets?|frames?)\b"
    r"|\bhow (big|large) is (the|this) (capture|file|trace|pcap\w*)",
    Topic.WHEN: r"\bhow long (is|does|was|did) (the|this) (capture|trace|recording|file|pcap\w*|dump)"
    r"|\b(duration|length) of (the|this) (capture|trace|recording|pcap\w*)|\bwhat (time|date|day)\b|\bwhich (date"
    r"|day)\b"
    r"|\bwhen (was|were|is|did|does)\b.{0,30}\b(captur|record|trace|taken|made|start|begin|end)",
    Topic.LENGTHS: r"\b(largest|biggest|longest|smallest|shortest|average|mean) (packets?|frames?)\b"
    r"|\bpacket lengths?\b",
    Topic.CONNECTIONS: r"\b(how many|number of|list|which|what) (different |tcp |udp |open |established )*"
    r"(connections?|conversations?|streams?|sessions?|flows?)\b",
    Topic.NAME_SERVER: r"\b(dns|name)[ -]?(servers?|resolvers?)\b|\bresolvers?\b",
    Topic.ADDRESS: r"\b(ip|ips|address(es)?)\b.{0,20}\b(of|for|does|has|is|behind)\b|\bresolves? to\b",
    Topic.TLS_DETAILS: r"\b(tls|ssl) versions?\b|\bversions? of (tls|ssl)\b|\bcipher|\bsni\b|\bserver name\b"
    r"|\balpn\b|\bja[34]\b"
    r"|\b(which|what|whose|who) .{0,25}\b(certificates?|issued|issuer)\b|\bkey exchange\b",
    Topic.SOFTWARE: r"\b(browsers?|user[- ]?agents?|software|banners?|programs?|applications?|apps?|tools?|products?)\b"
    r"|\b(which|what) (ssh |web |mail |http )?(client|server) (version|software|is it|runs?\b)|\bserver version",
    Topic.SYSTEM: r"\boperating systems?\b|\b(windows|linux|mac(os)?|android) (or|machine|host|client|server)\b"
    r"|\b(which|what) os\b",
    Topic.CARDS: r"\bmac\b|\bmacs\b|\b(hardware|ethernet) address",
    Topic.ARP: r"\barps?\b",
    Topic.DEVICES: r"\b(?:switch(?:es|port)?|lldp|cdp|neighbou?rs?)\b",
    Topic.IN_USE: r"\b(?:in use|(?:is|are) .{1,40}\b(?:used|spoken|running))\b"
    r"|\bis there (?:any |some )?\w+ ?\w* here\b",
    Topic.IP_VERSION: r"\bip ?v[46]\b|\bip version",
    Topic.ENCRYPTED: r"\bencrypt\w*|\bclear.?text\b|\bplain.?text\b|\bunprotected\b|\bin (the )?clear\b|\bsecure\b"
    r"|\bprivate\b"
    r"|\bprotected\b|\bhttps? or https?\b",
    Topic.SITES: r"\b(web ?sites?|web ?pages?|urls?|sites?|pages?)\b.{0,20}\b(visit|open|view|contact|request|ask"
    r"|load|call)"
    r"|\b(which|what) (web ?sites?|urls?|sites?|pages?|domains?)\b|\b(visit|brows|surf)(s|ed|es|ing)?\b",
    Topic.VOLUME: r"\bhow (much|many) (data|traffic|bytes|megabytes|mb|kb)\b|\b(amount|volume) of (data|traffic)\b",
    Topic.DESTINATIONS: r"\b(destinations?|top talkers?|(talks?|sends?|receives?|uses?) (the )?most|most (traffic"
    r"|data|packets|bytes)"
    r"|busiest|chattiest|who talks|(biggest|largest|heaviest|longest) (conversation|connection|flow|talker|sender"
    r"|download|host))\b",
    Topic.HOSTS: r"\b(which|what|how many|list|all)(?! (?:does|do|did|is|was|can)\b)( \w+){0,3}"
    r" (hosts?|servers?|machines?|computers?|devices?"
    r"|systems?|endpoints?"
    r"|peers?|ips|clients?|addresses)\b|\bwho (is|are|was)\b|\b(talk|connect|speak)s?(ing|ed)? (to|with)\b"
    r"|\bcontact(s|ed)?\b"
    r"|\bwho (start|open|initiat)\w*|\bwhere does\b|\bip( address)? of the (server|client)",
    Topic.OVERVIEW: r"\bwhat (is|was|does|did) .{0,30}\b(sent|sends?|sending)\b"
    r"|\bdoing\b|\bdoes .{0,25}\bdo\b|\b(going on|happen(s|ing|ed)?)\b|\bsummar|\boverview\b"
    r"|\bdescribe\b|\bexplain (this|the|what)"
    r"|\bwhat (can|do) (you|we|i) see\b|\b(what|tell) .{0,12}\b(in|about) (this|the) (capture|trace|file|pcap\w*)"
    r"|\bwhat (is|kind of|sort of|type of) (this|traffic|capture)\b|\bwhat traffic\b|\bwhat('s| is) (this|that"
    r"|it)\s*\??$",
}
"""What people ask for where nothing needs to have failed; a question about a fault is not answered by it."""
FAULT = re.compile(
    r"\b(why|faulty?|healthy|lacks?|missing|fails?|failed|failing|failures?|wrong"
    r"|problems?|errors?|broken?|breaks?|issues?|slow\w*|refus\w+|block\w*|cannot"
    r"|can't|tim(?:es?|ed|ing)[ -]?outs?|stuck|unreachable|freez\w*|stall\w*|gives? up"
    r"|unable|drop\w*|resets?|hangs?|rejects?|rejected"
    r"|not (?:work|load|open|connect|answer|react|respond|reply|resolv)\w*|(?:does|do) .{0,40}\bwork"
    r"|(?:doesn|don|isn|won)'t|(?:network|server|client|firewall|database|application|app) or (?:the |our |their )?\w+"
    r"|to blame|responsible|bounce\w*|what(?: has)? happened (?:to|with))\b",
    re.IGNORECASE,
)
RISKY = (
    "cleartext_", "exposed_", "policy_", "smb1_", "dns_tunnel", "attack_", "address_spoofed", "dns_zone_transfer",
)  # fmt: skip
ABOUT = {
    Topic.TLS: ("tls_",),
    Topic.SLOWNESS: (
        "tcp_slow_", "tcp_many_round_trips", "tcp_loss", "tcp_zero_window", "tcp_window_limited",
        "tcp_delayed_ack", "http_slow", "unwanted_bittorrent", "dns_slow", "dns_late", "path_mtu_blackhole",
        "broadcast_storm", "dns_partly_unanswered",
    ),
    Topic.LOSS: ("tcp_loss", "tcp_dead", "tcp_out_of_order", "path_mtu", "path_ping_lost", "tcp_answer_lost"),
    Topic.RESETS: ("tcp_reset", "tcp_idle_reset", "tcp_half_open", "tcp_refused"),
    Topic.SILENCE: (
        "capture_one_direction", "tcp_syn_unanswered", "tcp_dead", "tcp_idle_", "path_", "dns_unanswered",
        "udp_unanswered", "tcp_syn_ack", "tcp_no_answer", "tcp_answer_lost",
    ),
    Topic.SEGMENT_SIZE: ("path_mtu", "path_ping_lost", "tcp_answer_lost"),
    Topic.COVERAGE: ("capture_",),
    Topic.SUSPICION: ("scan_", "unwanted_", "icmp_tunnel", *RISKY),
    Topic.PASSWORDS: ("cleartext_",),
    Topic.RISKS: ("unwanted_", "icmp_tunnel", "tls_obsolete_version", "tls_certificate_weak", "wep_", *RISKY,
    ),
    Topic.ENCRYPTED: ("wep_",),
    Topic.PINGS: ("path_", "scan_pings", "icmp_tunnel"),
    Topic.OVERVIEW: ("path_traced", "attack_", "scan_", "icmp_tunnel", "dns_tunnel", "dns_zone_transfer"),
    Topic.ADDRESSES: ("address_",),
    Topic.ARP: ("address_arp", "address_duplicate", "address_spoofed", "scan_arp"),
    Topic.TUNNELS: ("udp_unanswered", "ike_refused"),
    Topic.NAMES: ("dns_",),
    Topic.APPLICATIONS: (
        "mail_", "mailbox_", "ftp_", "smb_", "ldap_", "kerberos_", "database_", "ntp_", "radius_", "sip_", "ssh_",
        "wireless_", "bgp_", "ppp_", "nfs_", "service_error", "socks_",
    ),
}  # fmt: skip
"""The rules, by how their ids begin, whose findings answer a question about each topic."""
