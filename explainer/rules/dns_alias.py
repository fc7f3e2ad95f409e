"""Aliases (CNAME) that lead nowhere: to a name that does not exist, or back to where they began (RFC 1034)."""

from explainer.model import Finding, Side
from explainer.protocols.dns import Lookup
from explainer.wording import listing

_LONGEST_NAME = 60
_CNAME_TARGETS = 4


def short(name: str) -> str:
    """Return the name for a sentence: a very long one is cut."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def plain(name: str) -> str:
    """Return the name as it is compared: in small letters, without the last dot."""
    return name.lower().rstrip(".")


def to_missing(finding: Finding, target: str) -> Finding:
    """Return the finding about a name that is an alias (CNAME) of the name that is missing (RFC 2308 section 2.1)."""
    name = finding.title.partition("The name ")[2].partition(" does not exist")[0]
    rest = finding.title.partition(" does not exist")[2]
    return finding.model_copy(
        update={
            "title": f"The name {name} is an alias (CNAME) of {short(target)}, which does not exist{rest}",
            "act": f"Whoever runs the domain of {name} must correct the alias, or {short(target)} must be"
            " entered again.",
        }
    )


def circle(lookup: Lookup) -> tuple[str, ...]:
    """Return the aliases of an answer that lead back to its name, or to one another; nothing where they do not."""
    seen = [plain(lookup.name)]
    for target in map(plain, lookup.answers):
        if target in seen:
            return (*seen[seen.index(target) :], target)
        seen.append(target)
    return ()


def in_circle(finding: Finding, names: tuple[str, ...]) -> Finding:
    """Return the finding with aliases in a circle as its cause (RFC 1034 section 3.6.2)."""
    way = [short(name) for name in names[:_CNAME_TARGETS]]
    return finding.model_copy(
        update={
            "title": f"The aliases (CNAME) of {short(finding.scope.names[0])} go round in a circle and never lead to"
            f" an address: {' → '.join([*way, *(['…'] if len(names) > len(way) else [])])}.",
            "side": Side.SERVER,
            "act": f"Whoever runs the domain must act: one of {listing(sorted(set(way)))} has to have an address"
            " instead of an alias.",
        }
    )
