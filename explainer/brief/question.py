"""What a question is about: the addresses, ports, frames and topics that it names."""

import ipaddress
import re
from collections.abc import Iterable
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
    BLAME = "whose fault it is"
    PINGS = "pings"
    ADDRESSES = "addresses of the local network"
    TUNNELS = "VPNs and tunnels"
    WHAT = "what it is"


_WORDS = {
    Topic.TLS: r"\b(tls|ssl|https|certificates?|certs?|cipher\w*|ssl/tls|x\.?509)\b",
    Topic.SLOWNESS: r"\b(slow\w*|sluggish|lags?|laggy|take[sn]? (ages|(so |too |very )?long|\d+ ?s\w*)|throughput"
    r"|bottleneck|stall\w*|freez\w*|performance|choppy|hung|wait\w*)\b",
    Topic.LOSS: r"\b(lost|loss(es)?|lossy|unreliable|quality|retransmi\w*|re-?sent|dropped|out.of.order)\b",
    Topic.RESETS: r"\b(resets?|rsts?)\b",
    Topic.SILENCE: r"\b(never|not?|without|n.t)\b.{0,20}\b(answer|respon|repl)\w*|\b(down|hangs?|unreachable)\b",
    Topic.COVERAGE: r"\b(duplicat\w*|twice|cop(y|ies)|retransmissions|(one|both) directions?|asymmetric\w*)\b",
    Topic.SUSPICION: r"\b(scan\w*|attack\w*|doing|suspicious|intru\w+|prob(e|es|ing))\b",
    Topic.OUTCOME: r"\b(succe\w+|complet(e|ed)|(go|went) well|did .*\bwork)\b",
    Topic.RTT: r"\b(rtt|round[- ]?trips?|latency|latencies|ping times?|delays?)\b",
    Topic.PORTS: r"\bports?\b",
    Topic.PROTOCOLS: r"\b(protocols?|hierarchy)\b",
    Topic.DESTINATIONS: r"\b(destinations?|top talkers?|who talks)\b",
    Topic.ALERTS: r"\balerts?\b",
    Topic.SEGMENT_SIZE: r"\b(mss|mtu|(?:packet|segment) sizes?|packets (?:are |be )?so (?:small|large|big))\b",
    Topic.PASSWORDS: r"\b(passwords?|passwd|passphrases?|credentials?|clear.?text|plain.?text|secrets?|sniff\w*)\b",
    Topic.RISKS: r"\b(normal|unusual|odd|strange|unwanted|forbidden|allowed|policy|risk\w*|danger\w*|insecure|unsafe"
    r"|secur(?:e|ity)|outdated|obsolete|exposed|across the internet|from outside|mal(?:ware|icious)|tunnels?"
    r"|min(?:ing|ers?))\b",
    Topic.FILES: r"\b(files?|upload\w*|download\w*|document\w*|exfiltrat\w*|shares?)\b",
    Topic.ACCOUNTS: r"\b(accounts?|user ?names?|users?|log(ged|s|ging)?[ -]?(in|on)s?|logins?|credentials?)\b",
    Topic.APPLICATIONS: r"\b(e?-?mails?|smtp|imap|pop3?|mailbox|ftp|log(ged|s|ging)?[ -]?(in|on)s?|sign(ed)?[ -]in"
    r"|logins?|databases?|postgres\w*|mysql|mariadb|sql|redis|ldap|kerberos|directory|smb|shares?|ssh|radius|sip|phones?|calls?"
    r"|ntp|clocks?|wi-?fi|wireless|wlan)\b",
    Topic.BLAME: r"\b(network or|server or|client or|or the (network|server|client)"
    r"|whose fault|our (server|network|fault))\b",
    Topic.PINGS: r"\b(ping(s|ed|ing)?|icmp|reach\w*|is .{0,40}\b(up|down|alive))\b",
    Topic.ADDRESSES: r"\b(dhcp\w*|ipv6|(ip |no |an )?address(es)?|leases?|arp|gateway|slaac|router|spoof\w*)\b",
    Topic.TUNNELS: r"\b(vpns?|tunnels?|ipsec|ike(v2)?|wireguard|openvpn)\b",
    Topic.NAMES: r"\b(who (asked|asks|looked|looks|queried)|asked for|look(ed|s|ing)?[ -]?ups?|resol\w+|dns|domains?"
    r"|host ?names?|quer(y|ies|ied))\b",
}
_FAULT = re.compile(
    r"\b(why|fails?|failed|failing|failures?|wrong|problems?|errors?|broken?|breaks?|issues?|slow\w*|refus\w+|cannot|can't"
    r"|tim(?:es?|ed|ing)[ -]?outs?|stuck|unreachable|freez\w*|stall\w*|gives? up"
    r"|unable|drop\w*|resets?|hangs?|rejects?|rejected|not (?:work|load|open|connect|answer)\w*"
    r"|(?:doesn|don|isn|won)'t)\b",
    re.IGNORECASE,
)
_WHAT_IS_IT = re.compile(
    r"\bwhat (?:is|are|kind|sort|tunnel)\b.{0,30}\b(?:traffic|packets|is this)\b"
    r"|\bwhat(?: is|'s) (?:going on|happening)",
    re.IGNORECASE,
)
_RISKY_TOPICS = (Topic.RISKS, Topic.SUSPICION)
_RISKY = ("cleartext_", "exposed_", "policy_", "smb1_", "dns_tunnel")
_ABOUT = {
    Topic.TLS: ("tls_",),
    Topic.SLOWNESS: (
        "tcp_slow_", "tcp_many_round_trips", "tcp_loss", "tcp_zero_window", "tcp_window_limited",
        "tcp_delayed_ack", "http_slow", "unwanted_bittorrent", "dns_slow", "dns_late", "path_mtu_blackhole",
    ),
    Topic.LOSS: ("tcp_loss", "tcp_dead", "tcp_out_of_order", "path_mtu", "path_ping_lost", "tcp_answer_lost"),
    Topic.RESETS: ("tcp_reset", "tcp_idle_reset", "tcp_half_open", "tcp_refused"),
    Topic.SILENCE: (
        "capture_one_direction", "tcp_syn_unanswered", "tcp_dead", "tcp_idle_", "path_", "dns_unanswered",
        "udp_unanswered", "tcp_syn_ack", "tcp_no_answer", "tcp_answer_lost",
    ),
    Topic.SEGMENT_SIZE: ("path_mtu",),
    Topic.COVERAGE: ("capture_",),
    Topic.SUSPICION: ("scan_", "unwanted_", "icmp_tunnel", *_RISKY),
    Topic.PASSWORDS: ("cleartext_",),
    Topic.RISKS: ("unwanted_", "icmp_tunnel", *_RISKY),
    Topic.PINGS: ("path_ping_",),
    Topic.ADDRESSES: ("address_",),
    Topic.TUNNELS: ("udp_unanswered", "ike_refused"),
    Topic.NAMES: ("dns_",),
    Topic.APPLICATIONS: (
        "mail_", "mailbox_", "ftp_", "smb_", "ldap_", "kerberos_", "database_", "ntp_", "radius_", "sip_", "ssh_",
        "wireless_",
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
            + 4 * self.named(names)
            + 2 * len(self.ports & set(scope.ports))
            + 2 * len(self.frames & set(finding.evidence.frames))
            + sum(finding.rule.startswith(_ABOUT.get(topic, ())) for topic in self.topics)
        )

    def named(self, names: Iterable[str]) -> int:
        """Return how many of the question's names are among these, or the domain of one of them."""
        known = [name.lower().rstrip(".") for name in names]
        return sum(any(k == name or k.endswith(f".{name}") for k in known) for name in self.names)

    def asks_what_it_is(self, finding: Finding) -> bool:
        """Return whether it names a port, and the finding tells what traffic it is that goes there."""
        return bool(self.ports & set(finding.scope.ports)) and finding.rule.startswith(("unwanted_", *_RISKY))

    def concerns(self, finding: Finding) -> bool:
        """Return whether it asks for what the finding's rule looks for."""
        return any(finding.rule.startswith(_ABOUT.get(topic, ())) for topic in self.topics)


def parse(text: str) -> Question:
    """Return the question with what it names."""
    topics = {topic for topic, words in _WORDS.items() if re.search(words, text, re.IGNORECASE)}
    if _WHAT_IS_IT.search(text) and not topics & {Topic.PORTS, *_RISKY_TOPICS}:
        topics |= {Topic.WHAT, Topic.PROTOCOLS, Topic.DESTINATIONS}
    return Question(
        text=text,
        addresses=frozenset(filter(None, map(_address, _ADDRESS.findall(text)))),
        ports=frozenset(port for port in map(int, _ports(text)) if port <= _LARGEST_PORT),
        names=frozenset(name.lower() for name in _NAME.findall(text)),
        frames=frozenset(map(int, _FRAME.findall(text))),
        topics=frozenset(topics),
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
