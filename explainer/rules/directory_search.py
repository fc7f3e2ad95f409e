"""Searches in directories that find nobody: why somebody cannot log in, or is not known."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Search, searches
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA
from explainer.wording import count, listing

_SHOWN = 20
_STREAMS = 100
_NAMED = 5


@rule("Directory search that finds nobody", searches, subject="directory searches", area=AREA)
def ldap_search_empty(facts: Facts) -> Iterator[Finding]:
    """A search of LDAP for certain values that succeeds and gives no entry (RFC 4511, section 4.5.2).

    A program that is to log somebody in looks the user up first; where nobody is found, no login (bind) follows, and
    the user reads that name or password is wrong. Of info severity, as many a search may find nothing: told to who
    asks for it, or why a login fails. Silent where a later search for the same values finds an entry.
    """
    found = {_matter(s) for s in facts[searches] if s.found}
    groups = defaultdict[tuple[str, str], list[Search]](list)
    for search in facts[searches]:
        empty = search.done and search.code == 0 and not search.found
        if empty and search.wanted and search.base and _matter(search) not in found:
            groups[search.client.address, str(search.server)].append(search)
    for group in groups.values():
        yield _empty(group)


def _matter(search: Search) -> tuple[str, str, str]:
    return search.client.address, str(search.server), search.wanted


def _empty(group: Sequence[Search]) -> Finding:
    first = group[0]
    wanted = list(dict.fromkeys(f"{search.wanted} below {search.base}" for search in group))
    more = [f"{len(wanted) - _NAMED} more"] if len(wanted) > _NAMED else []
    asked = tuple(search.frame for search in group)[:_SHOWN]
    ended = tuple(search.reply_frame for search in group if search.reply_frame)[:_SHOWN]
    streams = tuple(dict.fromkeys(search.stream for search in group if search.stream is not None))[:_STREAMS]
    return Finding(
        id=f"ldap_search_empty:{first.frame}",
        rule="ldap_search_empty",
        severity=Severity.INFO,
        confidence=Confidence.CERTAIN,
        side=Side.EITHER,
        title=f"The directory {first.server.address} (LDAP) finds nobody for {listing([*wanted[:_NAMED], *more])}:"
        f" what {first.client.address} looks for is not there, or not to be seen for it.",
        act="If it should be there: the client's side must correct the name, the base or the filter of its search, or"
        " the directory's side create the entry, or let this client read it.",
        measured={"searches": len(group)},
        evidence=Evidence.of(
            (*asked, *ended),
            f"{connection_filter(first.server, streams)} && ldap",
            [
                Step(frames=asked, text=f"{first.client.address} searches for {listing(wanted[:_NAMED])}"),
                Step(frames=ended, text=f"the search ends without an entry ({count(len(group), 'time')})"),
            ],
        ),
        scope=Scope(
            streams=streams, addresses=(first.client.address, first.server.address), ports=(first.server.port,)
        ),
        advice=(
            f"Search by hand with the same base and filter: ldapsearch -H ldap://{first.server.address} -b BASE FILTER",
            "Compare the attribute in the filter (uid, sAMAccountName, mail …) with what the directory holds.",
        ),
        limitations=("whether the entry exists: a directory hides what this client may not read",),
    )
