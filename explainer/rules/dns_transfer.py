"""A whole DNS zone that is handed out."""

from collections.abc import Iterator

from explainer.escape import filter_string
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import lookups
from explainer.registry import rule
from explainer.rules.tcp_case import finding

_TRANSFERS = ("AXFR", "IXFR")


@rule("Zone transfer", lookups, subject="DNS lookups", area="whole DNS zones handed out")
def dns_zone_transfer(facts: Facts) -> Iterator[Finding]:
    """A question for a whole zone (AXFR, RFC 5936; IXFR, RFC 1995) that is answered: it tells every name in it.

    Secondary name servers do so, and so does who spies a network out: of low severity.
    """
    for lookup in facts[lookups]:
        if lookup.type in _TRANSFERS and lookup.response_frames and not lookup.rcode:
            client, server = lookup.client.address, lookup.server.address
            frames = (*lookup.query_frames, *lookup.response_frames)
            asked = [Step(frames=lookup.query_frames, text=f"{client} asks {server} for all of {lookup.name}")]
            yield finding(
                "dns_zone_transfer",
                frames[0],
                Severity.LOW,
                Side.EITHER,
                f"The name server {server} hands {client} the whole zone {lookup.name} (zone transfer, {lookup.type}):"
                " every name and address in it.",
                Evidence.of(
                    frames,
                    f"dns.qry.name == {filter_string(lookup.name)}",
                    [
                        *(asked if lookup.query_frames else []),
                        Step(frames=lookup.response_frames[:20], text=f"{server} answers with the zone's records"),
                    ],
                ),
                Scope(addresses=(client, server), ports=(53,), names=(lookup.name,)),
                act=f"Whoever runs {server} must know {client} as a secondary name server, or refuse it.",
                measured={"answers": len(lookup.answers)},
                confidence=Confidence.CERTAIN,
                advice=(
                    f"On {server}, restrict transfers to the secondary name servers (allow-transfer, or TSIG keys).",
                ),
                limits=("whether the client is a secondary name server",),
            )


@rule("Long answer fetched over TCP", lookups, subject="DNS lookups", area="name resolution")
def dns_truncated(facts: Facts) -> Iterator[Finding]:
    """A truncated answer (TC) over UDP after which the client gets the whole over TCP (RFC 7766): for information."""
    whole = {
        (found.client.address, found.name): found.response_frames
        for found in facts[lookups]
        if found.transport == "TCP" and found.response_frames
    }
    for lookup in facts[lookups]:
        key = lookup.client.address, lookup.name
        if lookup.truncated and lookup.transport == "UDP" and key in whole:
            frames = (*lookup.query_frames, *lookup.response_frames)
            yield finding(
                "dns_truncated",
                frames[0],
                Severity.INFO,
                Side.NOBODY,
                f"The answer for {lookup.name} does not fit into UDP (truncated): {lookup.client.address} asks"
                f" {lookup.server.address} again over TCP, and gets it. This is normal.",
                Evidence.of(
                    (*frames, *whole[key]),
                    f"dns.qry.name == {filter_string(lookup.name)}",
                    [
                        Step(frames=lookup.response_frames[:3], text="the answer over UDP is marked as truncated (TC)"),
                        Step(frames=whole[key][:3], text="the whole answer comes over TCP"),
                    ],
                ),
                Scope(addresses=(lookup.client.address, lookup.server.address), ports=(53,), names=(lookup.name,)),
                act="Nobody has to act, as long as TCP port 53 is open.",
                measured={"answers": len(lookup.answers)},
                advice=("Do not filter TCP port 53: long answers need it.",),
                limits=("why the answer is long",),
            )
