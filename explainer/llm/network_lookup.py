"""What a question about VLANs, tunnels and VPNs asks for."""

import re
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm import health, overview
from explainer.llm.host_lookup import nobody
from explainer.llm.rows import Row, rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import count, listing

_ROWS = 5
_MOST, _HOSTS = 10, 3
_NUMBERED = re.compile(r"vlans?|vxlan|vni|geneve|mpls|labels?|tag|trunk|802\.1|virtual|network", re.IGNORECASE)
_PING = re.compile(r"\bping", re.IGNORECASE)
_IS_THERE = re.compile(r"^\s*(?:is|are|does|do|any)\b.*\bvpns?\b", re.IGNORECASE)
_VPNS = ("WireGuard", "OpenVPN", "IPsec", "IKE", "L2TP", "PPTP", "ESP")


def carriers(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which tunnels and tags carry packets, the numbers of the virtual networks, and what is inside them."""
    numbers = list(_numbers(analysis, question))
    found = overview.carried(analysis)
    named = _NUMBERED.search(question.text) is not None
    yield from numbers if named or not found else ()
    if found:
        yield from found
        yield from () if named else numbers
        yield from overview.claims(analysis, question)[:_ROWS]
    elif not numbers and not any(name in overview.protocols(analysis) for name in _VPNS):
        yield Claim(
            text="No tunnel, and no tag such as a VLAN's, was recognised around packets.", sources=("carriers",)
        )


def _numbers(analysis: Analysis, question: Question) -> Iterator[Claim]:
    every = rows(analysis.stat("tags"))
    told = [row for row in every if question.addresses & set(row["hosts"].split(", "))] or list(every)
    parts = list[str]()
    for kind in dict.fromkeys(row["kind"] for row in told):
        alike = [row for row in told if row["kind"] == kind]
        words = [f"{row['number']} ({count(row['frames'], 'frame')}{_of(row['hosts'])})" for row in alike[:_MOST]]
        more = [f"{len(alike) - _MOST} more"] if len(alike) > _MOST else []
        parts.append(f"{count(len(alike), kind)}: {listing([*words, *more])}")
    if parts:
        frames = tuple(row["first_frame"] for row in told[:_MOST])
        well = question.about_a_fault and all(f.severity is Severity.INFO for f in analysis.findings)
        begins = "No fault was found; a tag by itself is none: " if well else ""
        yield Claim(text=f"{begins}{'; '.join(parts)}.", frames=frames, sources=("tags",))


def _of(hosts: str) -> str:
    known = [host for host in hosts.split(", ") if host and not nobody(host)]
    more = [f"{len(known) - _HOSTS} more"] if len(known) > _HOSTS else []
    return f", of {listing([*known[:_HOSTS], *more])}" if known else ""


def devices(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which devices announce themselves by LLDP or CDP, and from which of their ports."""
    every = rows(analysis.stat("devices"))
    for row in every[:_ROWS]:
        device = f"The device {row['device']}" if row["device"] else "A device that does not say its name"
        label = f' (called "{row["port_label"]}")' if row["port_label"] not in ("", row["device_port"]) else ""
        port = f" sends from its port {row['device_port']}{label}" if row["device_port"] else " announces itself"
        said = [f"it is {row['platform']}" if row["platform"] else ""]
        said += [f"the native VLAN is {row['vlan']}" if row["vlan"] is not None else ""]
        told = listing([part for part in said if part])
        text = f"{device}{port}, says {row['protocol']}{f'; {told}' if told else ''}"
        yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("devices",))
    if len(every) > _ROWS:
        yield Claim(text=f"Besides: {count(len(every) - _ROWS, 'other port')} of devices.", sources=("devices",))
    if not every:
        text = "This capture cannot tell which switch is on this link: no device announces itself by LLDP or CDP"
        yield Claim(text=f"{text}.", sources=("devices",))


def pings(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which pings were answered, for a question about pings, and of the hosts that it names."""
    if not _PING.search(question.text):
        return
    yield from health.pings(analysis, question.addresses)


def vpns(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which VPNs are spoken, between whom; nothing for a question about a fault."""
    if question.about_a_fault:
        return
    spoken = [row for row in rows(analysis.stat("spoken")) if any(name in row["protocols"] for name in _VPNS)]
    for row in [row for row in spoken if row["client"]][:_ROWS]:
        text = (
            f"{row['protocols']} is spoken by {row['client']} with {row['server']}: {count(row['packets'], 'packet')}"
        )
        text += _ways(analysis, row)
        yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("spoken",))
    if not any(row["client"] for row in spoken) and _IS_THERE.search(question.text):
        carried = [f"{row['carrier']} ({count(row['packets'], 'packet')})" for row in rows(analysis.stat("carriers"))]
        beside = f", but packets are carried in {listing(carried)}" if carried else ""
        at = tuple(row["first_frame"] for row in rows(analysis.stat("carriers"))[:_ROWS])
        text = f"No VPN is seen in this capture (no WireGuard, OpenVPN or IPsec){beside}"
        yield Claim(text=f"{text}.", frames=at, sources=("carriers",))


def _ways(analysis: Analysis, row: Row) -> str:
    """Return how many packets the client sends and gets, where that is counted: a tunnel that works goes both ways."""
    there = back = 0
    for talk in rows(analysis.stat(f"conversations_{(row['transport'] or '').lower()}")):
        if {talk["a"], talk["b"]} == {row["client"], row["server"]} and row["port"] in (talk["a_port"], talk["b_port"]):
            from_client = talk["a"] == row["client"]
            there += talk["packets_a_b"] if from_client else talk["packets_b_a"]
            back += talk["packets_b_a"] if from_client else talk["packets_a_b"]
    if not there or row["servers"] > 1:
        return ""
    return f", {there:,} there and {back:,} back" if back else ", none of them back"


def fragments(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who sends packets in fragments to whom, and whether all of them are whole."""
    known = rows(analysis.stat("fragments"))
    if not known:
        yield Claim(text="No packet in this capture is fragmented.", sources=("fragments",))
    for row in known[:_ROWS]:
        pair, pieces = f"{row['source']} sends {row['destination']}", count(row["fragments"], "fragment")
        text = f"{pair} {count(row['packets'], 'packet')} in {pieces}"
        if row["incomplete_frame"] is None:
            yield Claim(text=f"{text}, all of them complete.", frames=(row["first_frame"],), sources=("fragments",))
            continue
        lacking = row["packets"] - row["whole"]
        why = "other fragments were lost, or left out of the capture (a filter on ports does not fit them)"
        told = f"{text}; {lacking} of them {'is' if lacking == 1 else 'are'} not complete here: {why}."
        frames = (row["first_frame"], row["incomplete_frame"])
        yield Claim(text=told, frames=tuple(dict.fromkeys(frames)), sources=("fragments",))
