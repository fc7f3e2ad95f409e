"""Sessions between network devices that end with an error: BGP, the logins of PPP."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_SETTINGS = "Compare the settings of both routers for this neighbour."
# RFC 4271 section 6, RFC 4486, RFC 8538: code/subcode, and the code alone where the subcode is not known.
_BGP = {
    "1": Meaning("it cannot read the other's messages (message header error)", _SETTINGS, Side.EITHER),
    "2": Meaning("it does not accept the other's OPEN (OPEN message error)", _SETTINGS, Side.EITHER),
    "2/1": Meaning("the other speaks a version of BGP that it does not know", _SETTINGS, Side.EITHER),
    "2/2": Meaning("the other's AS number is not the one that it expects (bad peer AS)",
                   "The AS number must be corrected, on one side or the other.", Side.EITHER),
    "2/3": Meaning("the other's BGP identifier is wrong (bad BGP identifier)", _SETTINGS, Side.EITHER),
    "2/4": Meaning("the other asks for an option that it does not know (unsupported optional parameter)", _SETTINGS,
                   Side.EITHER),
    "2/6": Meaning("it does not accept the other's hold time", _SETTINGS, Side.EITHER),
    "2/7": Meaning("the other lacks, or demands, a capability (unsupported capability)", _SETTINGS, Side.EITHER),
    "3": Meaning("it cannot accept a route announcement of the other (UPDATE message error)", _SETTINGS, Side.EITHER),
    "4": Meaning("it heard nothing of the other for too long (hold timer expired)",
                 "Look for lost packets, or an overloaded router, between the two.", Side.EITHER),
    "5": Meaning("the other's message does not fit the state of the session (finite state machine error)", _SETTINGS,
                 Side.EITHER),
    "6": Meaning("it ends the session (cease)", "Ask whoever runs it.", Side.EITHER),
    "6/1": Meaning("the other announces more routes than it takes (maximum number of prefixes reached)",
                   "The other side must announce less, or the limit must be raised.", Side.EITHER),
    "6/2": Meaning("its administrator shut the session down (administrative shutdown)", "Ask whoever runs it.",
                   Side.SERVER, Severity.MEDIUM),
    "6/3": Meaning("its administrator removed this neighbour (peer de-configured)", "Ask whoever runs it.", Side.SERVER,
                   Severity.MEDIUM),
    "6/4": Meaning("its administrator reset the session (administrative reset)", "Nobody, if it comes back.",
                   Side.SERVER, Severity.MEDIUM),
    "6/5": Meaning("it does not accept the connection (connection rejected)", _SETTINGS, Side.EITHER),
    "6/6": Meaning("its settings were changed (other configuration change)", "Nobody, if the session comes back.",
                   Side.SERVER, Severity.MEDIUM),
    "6/7": Meaning("both had called each other, and one connection is enough (collision resolution)",
                   "Nobody has to act.", Side.NOBODY, Severity.INFO),
    "6/8": Meaning("it has no resources left (out of resources)", "Whoever runs it must act.", Side.SERVER),
    "6/9": Meaning("it resets the session hard (hard reset)", "Ask whoever runs it.", Side.SERVER, Severity.MEDIUM),
    "6/10": Meaning("BFD says that the link is down", "Look at the link between the two.", Side.NETWORK),
}  # fmt: skip
_BGP_OTHER = Meaning("with an error that is not known here", _SETTINGS, Side.EITHER)


def _bgp_meaning(reply: Reply) -> Meaning:
    return _BGP.get(reply.code) or _BGP.get(reply.code.partition("/")[0], _BGP_OTHER)


def _bgp_told(reply: Reply) -> str:
    return f"The router {reply.server.address} ends the BGP session with {reply.client.address} (NOTIFICATION)"


@rule("BGP session ended", replies, subject=SUBJECT, area=AREA)
def bgp_refused(facts: Facts) -> Iterator[Finding]:
    """A NOTIFICATION (RFC 4271 section 6), with which a router ends a session; it may have given a reason in words."""
    family = Family("bgp_refused", "bgp", _bgp_told, _bgp_meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "BGP"], family)


_PPP = Meaning("user name or password is wrong", "User name or password must be corrected.", Side.CLIENT)


def _ppp_told(reply: Reply) -> str:
    return f"The PPP {reply.request}{f' of {reply.about}' if reply.about else ''} is refused"


@rule("PPP login refused", replies, subject=SUBJECT, area=AREA)
def ppp_refused(facts: Facts) -> Iterator[Finding]:
    """A PAP Authenticate-Nak (RFC 1334) or a CHAP Failure (RFC 1994) that no success follows."""
    family = Family("ppp_refused", "(pap || chap)", _ppp_told, lambda reply: _PPP)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "PPP"], family)
