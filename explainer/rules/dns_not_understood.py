"""Name servers that answer a question with a code which says that they cannot read it, or do not do such things."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Side
from explainer.protocols.dns import lookups
from explainer.registry import rule
from explainer.rules.dns import AREA, Answer, answered, less_where_unwanted, not_overcome, refusing, told

_FORMERR, _NOTIMP = 1, 4
_MEANS = {
    _FORMERR: Answer(
        "dns_not_understood",
        "The name server {server} does not understand the question for {name}, and answers FORMERR (format error).",
        "the name server {server} answers: format error (FORMERR, rcode 1)",
        Side.SERVER,
        "The name server's side must act: {server}, or what stands before it, has to understand the question, or the"
        " client must ask another one.",
        (
            "See whether it is about the extensions of DNS (EDNS), which old servers and some firewalls do not know:"
            " dig {word} @{server} +noedns",
            "Update {server}, or ask another name server.",
        ),
        ("what of the question the name server does not understand",),
    ),
    _NOTIMP: Answer(
        "dns_not_understood",
        "The name server {server} does not do what it is asked for {name}, and answers NOTIMP (not implemented).",
        "the name server {server} answers: not implemented (NOTIMP, rcode 4)",
        Side.SERVER,
        "The name server's side must act: {server} has to answer such questions, or the client must ask another one.",
        ("See which program answers there, and whether it is a name server for clients at all: dig {word} @{server}",),
        ("why the name server does not do it",),
    ),
}


@rule("Name server does not understand", lookups, subject="DNS lookups", area=AREA)
def dns_not_understood(facts: Facts) -> Iterator[Finding]:
    """A lookup answered with FORMERR or NOTIMP (RFC 1035, section 4.1.1), and never resolved for the same client.

    A client that gets FORMERR for a question with EDNS has to ask again without (RFC 6891, section 7), and NOTIMP for
    one record type alone is overcome by the answer for another: then it is silent. Names weigh as in dns_refused.
    """
    every = facts[lookups]
    for code, means in _MEANS.items():
        for finding in answered(not_overcome(every, code), means, less_where_unwanted(every, refusing)):
            yield told(finding)
