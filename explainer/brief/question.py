"""What a question is about: the addresses, ports, frames and topics that it names."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from explainer.model import Finding


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
    TRAFFIC = "what the traffic is"
    TUNNELS = "what carries the traffic"
    ENCRYPTION = "whether it is encrypted"
    ICMP = "ICMP"


_WORDS = {
    Topic.TLS: r"\b(tls|ssl|https|certificates?|certs?|cipher\w*|ssl/tls|x\.?509)\b",
    Topic.SLOWNESS: r"\b(slow\w*|sluggish|lags?|laggy|takes? (ages|(so |too |very )?long)|throughput|bottleneck)\b",
    Topic.LOSS: r"\b(lost|loss(es)?|retransmi\w*|re-?sent|dropped|los(e|es|ing)|dup(licate)? ?acks?|out.of.order)\b",
    Topic.RESETS: r"\b(resets?|rsts?)\b",
    Topic.SILENCE: r"\b(never|not?|without|n.t)\b.{0,20}\b(answer|respon|repl)\w*|\b(down|hangs?|unreachable)\b",
    Topic.COVERAGE: r"\b(duplicat\w*(?! acks?)|twice|cop(y|ies)|retransmissions|(one|both) directions?"
    r"|asymmetric\w*)\b",
    Topic.SUSPICION: r"\b(scan\w*|attack\w*|doing|suspicious|intru\w+|prob(e|es|ing)|spy\w*|hijack\w*|compromis\w+"
    r"|malicious|hack\w*|infect\w*|exploit\w*|poison\w*|spoof\w*|flood\w*|brute|stolen)\b",
    Topic.OUTCOME: r"\b(succe\w+|complet(e|ed)|(go|went|goes) well|did .*\bwork|accepted|deliver\w*|granted|assigned"
    r"|let in|(down)?loaded|fetched|transferred|(gets?|got) (an?|the|its|connected|through|in)|reach(es|ed)?"
    r"|(log(s|ged)?|sign(s|ed)?) in)\b",
    Topic.TUNNELS: r"\b(tunnel\w*|encapsulat\w*|carried|vlans?|vxlan|gre|mpls|geneve|wrapped)\b",
    Topic.ENCRYPTION: r"\b(encrypt\w*|protected|secured?|in the clear)\b",
    Topic.ICMP: r"\b(icmp(v6)?|pings?|pinged|trace ?routes?|ttl|hops?)\b",
    Topic.RTT: r"\b(rtt|round[- ]?trips?|latency|latencies|ping times?|delays?)\b",
    Topic.PORTS: r"\bports?\b",
    Topic.PROTOCOLS: r"\b(protocols?|hierarchy)\b",
    Topic.DESTINATIONS: r"\b(destinations?|top talkers?|who talks)\b",
    Topic.ALERTS: r"\balerts?\b",
    Topic.SEGMENT_SIZE: r"\b(mss|mtu|(?:packet|segment) sizes?"
    r"|packets .{0,40}\b(?:small|large|big|tiny)|(?:small|tiny|large) packets)\b",
    Topic.PASSWORDS: r"\b(passwords?|passwd|passphrases?|credentials?|clear.?text|plain.?text|secrets?|sniff\w*)\b",
    Topic.RISKS: r"\b(normal|unusual|odd|strange|unwanted|forbidden|allowed|policy|risk\w*|danger\w*|insecure|unsafe"
    r"|secur(?:e|ity)|outdated|obsolete|exposed|across the internet|from outside|mal(?:ware|icious)|tunnels?"
    r"|min(?:ing|ers?))\b",
    Topic.FILES: r"\b(files?|upload\w*|download\w*|document\w*|exfiltrat\w*|shares?)\b",
    Topic.ACCOUNTS: r"\b(accounts?|user ?names?|users?|log(ged|s|ging)?[ -]?(in|on)s?|logins?|credentials?)\b",
    Topic.APPLICATIONS: r"\b(e?-?mails?|smtp|imap|pop3?|mailbox|ftp|log(ged|s|ging)?[ -]?(in|on)s?|sign(ed)?[ -]in"
    r"|logins?|databases?|postgres\w*|mysql|mariadb|sql|redis|ldap|kerberos|directory|smb|shares?|ssh|radius|sip|phones?|calls?"
    r"|ntp|clocks?|bgp|ipsec|vpn|ike|modbus|diameter|nfs|mount\w*|wi-?fi|wireless|wlan)\b",
    Topic.TRAFFIC: r"\b(what(.s| is| are| was| were)? (this|that|these|those|going on|happening|in (this|here|the)|"
    r"(\S+ ){0,6}(doing|talking|sending|traffic|protocols?|connections?|packets?|conversations?|used|spoken))\b"
    r"|what (kind|sort|type)s? of|what (happens|happened|does|do|did)\b|which (protocols?|hosts?|devices?)"
    r"|who (talks|speaks|communicates|is|are|sends|uses)|talk(s|ing)? (to|with)|describe"
    r"|summari[sz]e|overview|traffic)\b",
    Topic.NAMES: r"\b(who (asked|asks|looked|looks|queried)|asked(?= for|\b(?! to))|look(ed|s|ing)?[ -]?ups?|resol\w+"
    r"|dns|domains?|host ?names?|quer(y|ies|ied))\b",
}
_FAULT = re.compile(
    r"\b(why|faults?|faulty|healthy|fails?|failed|failing|failures?|wrong|problems?|errors?|broken?|breaks?|issues?|slow\w*|refus\w+|cannot|can't"
    r"|unable|drop\w*|resets?|hangs?|rejects?|rejected|not (?:work|load|open|connect|answer)\w*"
    r"|(?:doesn|don|isn|won)'t)\b",
    re.IGNORECASE,
)
_RISKY = (
    "cleartext_", "exposed_", "policy_", "smb1_", "dns_tunnel", "attack_", "address_spoofed", "ping_tunnel",
    "tcp_syn_flood", "dns_zone_transfer",
)  # fmt: skip
_ABOUT = {
    Topic.TLS: ("tls_",),
    Topic.SLOWNESS: (
        "tcp_slow_", "tcp_loss", "tcp_zero_window", "tcp_window_limited", "tcp_delayed_ack", "http_slow",
        "unwanted_bittorrent",
    ),
    Topic.LOSS: ("tcp_loss", "tcp_dead", "tcp_out_of_order", "path_mtu"),
    Topic.RESETS: ("tcp_reset", "tcp_idle_reset", "tcp_half_open", "tcp_refused"),
    Topic.SILENCE: ("capture_one_direction", "tcp_syn_unanswered", "tcp_dead", "tcp_idle_", "path_", "dns_unanswered"),
    Topic.SEGMENT_SIZE: ("path_mtu",),
    Topic.COVERAGE: ("capture_",),
    Topic.SUSPICION: ("scan_", "unwanted_", *_RISKY),
    Topic.PASSWORDS: ("cleartext_",),
    Topic.RISKS: ("unwanted_", *_RISKY),
    Topic.NAMES: ("dns_",),
    Topic.ICMP: ("path_", "ping_", "scan_"),
    Topic.ENCRYPTION: ("cleartext_", "tls_starttls_refused", "tls_obsolete_version", "exposed_"),
    Topic.TRAFFIC: (
        "path_traced", "attack_", "scan_", "ping_tunnel", "dns_tunnel", "dns_zone_transfer", "tcp_syn_flood",
    ),
    Topic.APPLICATIONS: (
        "mail_", "mailbox_", "ftp_", "smb_", "ldap_", "kerberos_", "database_", "ntp_", "radius_", "sip_", "ssh_",
        "wireless_", "bgp_", "ike_", "ppp_", "modbus_", "diameter_", "nfs_",
    ),
}  # fmt: skip
"""The rules, by how their ids begin, whose findings answer a question about each topic."""
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w]|:[^\d\s])|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*(?![\w:]))"
)
_PORT = re.compile(r"(?:\bports?\s+|\]:|\d\.\d+:)(\d{1,5})(?:(?:\s*,|\s+and|\s+or)\s+(\d{1,5}))*\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w.@-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}(?![\w-])", re.IGNORECASE)
_FRAME = re.compile(r"\b(?:frame|packet)s?\s+#?(\d+)", re.IGNORECASE)
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain words, and what it names."""

    text: str
    addresses: frozenset[str]
    ports: frozenset[int]
    names: frozenset[str]
    frames: frozenset[int]
    topics: frozenset[Topic]
    about_a_fault: bool = False

    def names_hosts(self) -> bool:
        """Return whether it is about certain addresses or names."""
        return bool(self.addresses or self.names)

    def closeness(self, finding: Finding) -> int:
        """Return how much of what the question names the finding is about: 0 for nothing."""
        scope = finding.scope
        names = {name.lower().rstrip(".") for name in scope.names}
        return (
            4 * len(self.addresses & set(scope.addresses))
            + 4 * len(self.names & names)
            + 2 * len(self.ports & set(scope.ports))
            + 2 * len(self.frames & set(finding.evidence.frames))
            + sum(finding.rule.startswith(_ABOUT.get(topic, ())) for topic in self.topics)
        )

    def asks_what_it_is(self, finding: Finding) -> bool:
        """Return whether it names a port, and the finding tells what traffic it is that goes there."""
        return bool(self.ports & set(finding.scope.ports)) and finding.rule.startswith(("unwanted_", *_RISKY))

    def concerns(self, finding: Finding) -> bool:
        """Return whether it asks for what the finding's rule looks for."""
        return any(finding.rule.startswith(_ABOUT.get(topic, ())) for topic in self.topics)


def parse(text: str) -> Question:
    """Return the question with what it names."""
    return Question(
        text=text,
        addresses=frozenset(filter(None, map(_address, _ADDRESS.findall(text)))),
        ports=frozenset(port for port in map(int, _ports(text)) if port <= _LARGEST_PORT),
        names=frozenset(name.lower() for name in _NAME.findall(text)),
        frames=frozenset(map(int, _FRAME.findall(text))),
        topics=frozenset(topic for topic, words in _WORDS.items() if re.search(words, text, re.IGNORECASE)),
        about_a_fault=_FAULT.search(text) is not None,
    )


def _address(text: str) -> str:
    for candidate in (text, text.rstrip("."), text.rstrip(".:")):  # a sentence may go on with a mark
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""


def _ports(text: str) -> list[str]:
    return [number for match in _PORT.finditer(text) for number in re.findall(r"\d{1,5}", match[0].rpartition(":")[2])]
