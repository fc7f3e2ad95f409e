"""Many passwords that one host tries in vain."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply, replies
from explainer.protocols.http_messages import BASIC
from explainer.protocols.sign_ins import FORM, sign_ins
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.refusals import SUBJECT
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_AREA = "port scans and password guessing"
_SHOWN, _NAMED = 20, 3
_TYPED = (BASIC, FORM)
"""The schemes in which a user's password is sent."""


@rule("Passwords tried", replies, subject=SUBJECT, area=_AREA)
def scan_passwords(facts: Facts, *, min_refused: int = 8) -> Iterator[Finding]:
    """`min_refused` refused logins or more of one client at one service: nobody mistypes that often."""
    groups = defaultdict[tuple[str, str, str], list[Reply]](list)
    for reply in facts[replies]:
        if reply.kind is Kind.LOGIN and reply.stream is not None:
            groups[reply.protocol, reply.client.address, str(reply.server)].append(reply)
    for (protocol, client, server), group in groups.items():
        refused = [reply for reply in group if not reply.ok]
        if len(refused) >= min_refused:
            yield _guessing("scan_passwords", protocol, client, server, refused, [reply for reply in group if reply.ok])


@rule("Passwords tried on web pages", sign_ins, subject="sign-ins to web servers", area=_AREA)
def scan_web_passwords(facts: Facts, *, min_refused: int = 8, per_minute: float = 8) -> Iterator[Finding]:
    """`min_refused` refused logins of one client at one web server, at `per_minute` at least (forms, Basic).

    Programs that fetch a page now and then with an old password are many; nobody types that fast. Of forms those count
    whose answer says by its status or its short text that the login is refused.
    """
    for (protocol, client, server), refused, lasted_s in _on_the_web(facts):
        if len(refused) >= max(min_refused, per_minute * lasted_s / 60):
            yield _guessing("scan_web_passwords", protocol, client, server, refused, ())


def _on_the_web(facts: Facts) -> Iterator[tuple[tuple[str, str, str], list[Reply], float]]:
    """Yield the refused logins of each client at each web server, and how long they went on."""
    groups = defaultdict[tuple[str, str, str], list[tuple[Reply, int]]](list)
    for found in facts[sign_ins]:
        e = found.exchange
        typed = found.scheme in _TYPED and found.accepted is False
        if typed and e.request_frame and e.response_frame and e.request_ns:
            reply = Reply(
                "HTTP", Kind.LOGIN, e.stream, e.client, e.server, e.request_frame, e.response_frame, "login",
                found.user, str(e.status), e.complaint, ok=False,
            )  # fmt: skip
            groups["HTTP", e.client.address, str(e.server)].append((reply, e.request_ns))
    for key, group in groups.items():
        yield key, [reply for reply, _ in group], (group[-1][1] - group[0][1]) / 1e9


def _guessing(
    rule_id: str, protocol: str, client: str, server: str, refused: Sequence[Reply], let_in: Sequence[Reply]
) -> Finding:
    frames = [frame for reply in refused for frame in reply.frames]
    users = list(dict.fromkeys(reply.about for reply in refused if reply.about))
    more = [f"{len(users) - _NAMED} more"] if len(users) > _NAMED else []
    whose = f" as {listing([*users[:_NAMED], *more])}" if users else ""
    after = [reply for reply in let_in if reply.frame > refused[0].frame]
    end = "; in the end it is let in" if after else ""
    steps = [Step(frames=tuple(frames[:_SHOWN]), text=f"{count(len(refused), 'login')} of {client}, all refused")]
    steps += [Step(frames=after[0].frames, text="a login is accepted")] if after else []
    host = refused[0].server.address
    return finding(
        rule_id,
        frames[0],
        Severity.HIGH,
        Side.CLIENT,
        f"{client} guesses passwords of {protocol} on {server} (brute force): {len(refused)} logins{whose} are"
        f" refused{end}.",
        Evidence.of(
            [*frames, *(frame for reply in after[:1] for frame in reply.frames)],
            f"{address_field(client)} == {client} && tcp.port == {refused[0].server.port}",
            steps,
        ),
        Scope(addresses=(client, host), ports=(refused[0].server.port,)),
        act=f"Whoever runs {host} must act: block {client}, or find the program there that has a wrong password.",
        measured={"refused": len(refused), "users": len(users), "accepted": len(after)},
        advice=(
            "Limit attempts (fail2ban), use keys or a second factor, and do not offer the port to everybody.",
            f"Look into the log of {host} for logins of {client} that succeeded.",
        ),
        limits=("whether a program with an old password does it",),
    )
