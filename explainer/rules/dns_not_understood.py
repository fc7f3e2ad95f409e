"""Name servers that answer a question with a code which says that they cannot read it, or do not do such things."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Side
from explainer.protocols.dns import lookups
from explainer.protocols.dns_errors import bad_versions
from explainer.registry import rule
from explainer.rules.dns import AREA, Answer, answered, less_where_unwanted, not_overcome, refusing, told

_FORMERR, _NOTIMP, _BADVERS = 1, 4, 16
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
    _BADVERS: Answer(
        "dns_not_understood",
        "The name server {server} does not know the version of EDNS in which it is asked for {name}, and answers"
        " BADVERS (bad version), without an address.",
        "the name server {server} answers: bad version of EDNS (BADVERS, rcode 16)",
        Side.CLIENT,
        "The client's side must act: it has to ask with EDNS version 0, the only one there is, or without EDNS.",
        ("Ask with version 0, and without: dig {word} @{server} +edns=0; dig {word} @{server} +noedns",),
        ("which program on the client asks so",),
    ),
}


@rule("Name server does not understand", lookups, bad_versions, subject="DNS lookups", area=AREA)
def dns_not_understood(facts: Facts) -> Iterator[Finding]:
    """A lookup answered with FORMERR or NOTIMP (RFC 1035, section 4.1.1), and never resolved for the same client.

    So is one that is answered with BADVERS, which stands in the EDNS record (RFC 6891, section 6.1.3).

    A client that gets FORMERR for a question with EDNS has to ask again without (RFC 6891, section 7), and NOTIMP for
    one record type alone is overcome by the answer for another: then it is silent. Names weigh as in dns_refused.
    """
    bad = facts[bad_versions]
    every = facts[lookups]
    if bad:
        every = tuple(x._replace(rcode=_BADVERS) if bad.intersection(x.response_frames[:1]) else x for x in every)
    for code, means in _MEANS.items():
        for finding in answered(not_overcome(every, code), means, less_where_unwanted(every, refusing)):
            yield told(finding)
