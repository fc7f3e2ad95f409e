"""SNMP version 3: an agent that answers who it is, and nothing that is encrypted."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.snmp import ENCRYPTED_UNANSWERED
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.wording import count

_SHOWN = 20


@rule("SNMP agent silent to what is encrypted", signs, subject=SUBJECT_OF_SIGNS, area=AREA)
def snmp_encryption_unanswered(facts: Facts, *, min_requests: int = 2) -> Iterator[Finding]:
    """Encrypted requests of a user of SNMP version 3, at least `min_requests` a time-out apart, without any answer.

    The agent answers who it is (a report), so it is there and hears; it drops what it cannot decrypt (RFC 3414, section
    3.2, step 8), most without the report decryptionErrors. One request alone may be lost. Probable: nothing of that
    user was ever answered, but answers may also be lost on the way.
    """
    groups = defaultdict[tuple[str, str, str], list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == ENCRYPTED_UNANSWERED:
            groups[sign.client.address, sign.server.address, sign.text].append(sign)
    for (client, server, user), group in groups.items():
        if len(group) >= min_requests:
            yield _silent(client, server, user, group)


def _silent(client: str, server: str, user: str, group: Sequence[Sign]) -> Finding:
    frames = tuple(sign.frame for sign in group)
    asked = count(len(group), "encrypted request")
    return Finding(
        id=f"snmp_encryption_unanswered:{frames[0]}",
        rule="snmp_encryption_unanswered",
        severity=Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The SNMP agent (monitored device) {server} answers who it is, but none of the {asked} of {user} at"
        f" {client}: most likely it cannot decrypt them, as the password for encryption (privacy key) or its algorithm"
        " is wrong.",
        act="The client's side must correct the privacy password, or its algorithm (DES, AES), to the device's.",
        measured={"requests": len(group)},
        evidence=Evidence.of(
            frames,
            f"snmp && {address_field(server)} == {server} && {address_field(client)} == {client}",
            [
                Step(frames=frames[:_SHOWN], text=f"{client} sends {asked} as the user {user}"),
                Step(frames=(), text=f"{server} answers the question who it is (a report), and none of these."),
            ],
        ),
        scope=Scope(addresses=(client, server), ports=(group[0].server.port,)),
        advice=(
            f"Ask the device by hand: snmpget -v3 -l authPriv -u {shell_word(user)} -a SHA -A … -x AES -X … {server}"
            " sysUpTime.0",
            "With -l authNoPriv, where the device allows it, the same question shows whether the rest is right.",
        ),
        limitations=("whether the device answered, and its answers were lost on the way",),
    )
