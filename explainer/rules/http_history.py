"""What came of each web page in a capture, before and after an error: how much the error weighs."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import NamedTuple

from explainer.model import Severity
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Endpoint
from explainer.rules.exchanges import Group, service

Page = tuple[str, str, str]
_MISSING = (404, 410)
_ANY = "*"
"""Stands for any method."""
_COME_BACK: tuple[int | str | None, ...] = (425, 429, "authorization_pending", "slow_down")
"""They ask the client to come back later, and fault nobody (RFC 8470 section 5.2, RFC 6585 section 4, RFC 8628)."""
# What browsers and other programs ask for without anybody's wish.
_UNBIDDEN = ("/favicon.ico", "/robots.txt", "/apple-touch-icon", "/wpad.dat", "/browserconfig.xml", "/.well-known/")
_SIGNED = ("InRelease", "Release.gpg")
_FIRST_ERROR, _SERVER_ERROR = 400, 500
_BEARER, _DEPTH = "bearer", 4


class History(NamedTuple):
    """What came of each page in a capture: the last and the first good answer to it by method, and its removal.

    `lucky` are the clients, servers and hosts of which something was served. `signed` is, of each folder, the last
    request for something in it that came with credentials.
    """

    served: Mapping[tuple[Page, str], Exchange]
    before: Mapping[tuple[Page, str], Exchange]
    removed: Mapping[Page, int]
    lucky: AbstractSet[tuple[str, Endpoint, str]]
    signed: Mapping[Page, Exchange]

    def severity(self, group: Group, gravest: Severity) -> Severity:
        """Return how much a group of errors weighs, of those that are the gravest at most."""
        first, later = group[0], self.later(group[0])
        of_server = (first.status or 0) >= _SERVER_ERROR
        passed = later is not None and (
            first.status in _COME_BACK or first.error_name in _COME_BACK or _asks_if_there(first)
        )
        if passed or self.is_trifle(first):
            return Severity.INFO
        if later:
            lasts = self.is_unsteady(first) and len(group) > 1 and of_server
            return Severity.MEDIUM if lasts else Severity.LOW
        alone = (first.client.address, first.server, service(first)) not in self.lucky
        return gravest if alone or of_server else Severity.MEDIUM

    def later(self, e: Exchange) -> Exchange | None:
        """Return the exchange that gave the client what this one did not, or None."""
        good = self.served.get((page(e), _ANY if _asks_if_there(e) else e.method))
        return good if good and good.first_frame > e.first_frame else None

    def is_unsteady(self, e: Exchange) -> bool:
        """Return whether it was served before and after: one of several servers behind a balancer fails, perhaps."""
        earlier = self.before.get((page(e), e.method))
        return self.later(e) is not None and earlier is not None and earlier.first_frame < e.first_frame

    def token_fetched(self, e: Exchange) -> bool:
        """Return whether it only asked where a token is to be had: what is below its path was then asked for with one.

        So programs begin that speak to registries of containers: /v2/ is asked without a token, and only once.
        """
        after = self.signed.get(page(e)) if _BEARER in e.challenge.lower() and not e.credentials else None
        return after is not None and after.first_frame > e.first_frame

    def is_trifle(self, e: Exchange) -> bool:
        """Return whether it asks for a page that nobody wants, that it can do without, or that it deleted before."""
        gone = self.removed.get(page(e), e.first_frame) < e.first_frame
        return e.status in _MISSING and (gone or e.path.startswith(_UNBIDDEN) or self._has_release(e))

    def _has_release(self, e: Exchange) -> bool:
        """Return whether apt tries the signed forms of a list that it then reads, as archives without them have."""
        folder, _, name = e.path.rpartition("/")
        release = e.client.address, service(e), f"{folder}/Release"
        return name in _SIGNED and (release, e.method) in self.served


def history(every: Sequence[Exchange]) -> History:
    """Return what came of each page in these exchanges."""
    good = [e for e in every if _is_served(e)]
    return History(
        {(page(e), method): e for e in good for method in (e.method, _ANY)},
        {(page(e), e.method): e for e in reversed(good)},
        {page(e): e.first_frame for e in reversed(good) if e.method == "DELETE"},
        {(e.client.address, e.server, service(e)) for e in good},
        {(*page(e)[:2], folder): e for e in every if e.credentials for folder in _folders(e.path)},
    )


def _folders(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in: of /v2/app/tags these are /v2/ and /v2/app/."""
    names = path.split("/")[1:-1][:_DEPTH]
    yield from (f"/{'/'.join(names[: n + 1])}/" for n in range(len(names)))


def _asks_if_there(e: Exchange) -> bool:
    """Return whether it asks only whether a page is there: what is not may be made next (RFC 9110, section 9.3.2)."""
    return e.method == "HEAD" and e.status in _MISSING


def page(e: Exchange) -> Page:
    """Return what is one page to a client: it, the host that it asks, and the path."""
    return e.client.address, service(e), e.path


def _is_served(e: Exchange) -> bool:
    return e.status is not None and HTTPStatus.OK <= e.status < _FIRST_ERROR
