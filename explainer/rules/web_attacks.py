"""Attacks on web servers that a request itself gives away."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.web_attacks import SCANNER, Attempt, attempts
from explainer.registry import rule
from explainer.rules.exchanges import frames, host, message_filter, request_words, said, scope
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_SUCCESSES = range(200, 400)


@rule("Attack on a web server", requests, attempts, subject="HTTP requests", area="attacks on web servers")
def attack_web(facts: Facts) -> Iterator[Finding]:
    """A request whose target or headers carry SQL, a path out of the web's root, a script, or a known attack.

    Log4Shell, Shellshock, Struts, Code Red, and the names of scanners in User-Agent. Bodies are not read.
    """
    by_frame = {e.dissected_frame: e for e in facts[requests] if e.dissected_frame is not None}
    groups = defaultdict[tuple[str, str, str], list[tuple[Attempt, Exchange]]](list)
    for attempt in facts[attempts]:
        exchange = by_frame.get(attempt.frame)
        if exchange:
            groups[attempt.kind, exchange.client.address, str(exchange.server)].append((attempt, exchange))
    for (kind, client, _), group in groups.items():
        yield _attack(kind, client, group)


def _attack(kind: str, client: str, group: Sequence[tuple[Attempt, Exchange]]) -> Finding:
    exchanges = [exchange for _, exchange in group]
    first, words = exchanges[0], group[0][0].words
    server = first.server
    name = host(first) if host(first) != str(server) else server.address
    where = f"{name} ({server})" if name != server.address else str(server)
    scans = kind == SCANNER
    title = f'{client} attacks the web server {where}: {kind} ("{words}") in {request_words(exchanges)}.'
    if scans:
        # One that does not answer HTTP need not be a web server, and the name is the scanner's.
        whom = f"the web server {where}" if any(exchange.status for exchange in exchanges) else str(server)
        title = f'{client} scans {whom}: its program names itself as a scanner for holes ("{words}").'
    return finding(
        "attack_web",
        group[0][0].frame,
        Severity.MEDIUM if scans else Severity.HIGH,
        Side.CLIENT,
        title,
        Evidence.of(frames(exchanges), message_filter(exchanges), _steps(client, group)),
        scope(exchanges),
        act=f"Whoever runs {server.address} must see what it gave away; whoever answers for {client} must say whether"
        " this is a permitted test.",
        measured={"requests": len(group)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Read what the server answered: explainer show CAPTURE --stream tcp:{first.stream}",
            f"Look through the web server's log on {server.address} for more requests of {client}.",
            "Update the application, and let it check what it is given.",
        ),
        limits=("whether the attack succeeded", "whether it is a permitted test"),
    )


def _steps(client: str, group: Sequence[tuple[Attempt, Exchange]]) -> Iterator[Step]:
    shown = tuple(attempt.frame for attempt, _ in group[:_SHOWN])
    yield Step(frames=shown, text=f"{client} sends {count(len(group), 'request')} of this kind")
    for exchange in [e for _, e in group if e.response_frame and e.status][:3]:
        more = ": it does not refuse the request" if exchange.status in _SUCCESSES else ""
        yield Step(frames=(exchange.response_frame or 0,), text=f"the server answers {said(exchange)}{more}")
