"""Which accounts were used, and which of them were let in."""

import re
from collections.abc import Iterator, Sequence

from explainer.brief.question import Question, Topic
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.llm.talk_lookup import about
from explainer.model import Analysis, Claim
from explainer.protocols.applications.forms import FORM_NAME
from explainer.wording import count, listing

_ROWS = 8
_WITH_COMMUNITIES = "SNMP"
"""Version 1 and 2 send a password along with each question, and know no users."""
_UNPROVEN = "the answer does not tell whether the password is right, which the client alone can see"
_BY_FORM = "the answer of the web server does not tell by its status whether the login is accepted"
_HOW_MANY = re.compile(r"\s*how many\b", re.IGNORECASE)
_REFUSED = re.compile(r"^\s*who(?:se)?\b.*\b(?:fail\w*|refused|rejected|denied)\b", re.IGNORECASE)


def accounts(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which accounts were used, where, and whether they were let in."""
    if Topic.LOGIN in question.topics:  # answered with yes or no
        return
    known = rows(analysis.stat("accounts"))
    named = [row for row in about(known, question) if row["user"]]
    if not named and not question.about_a_fault:
        by_ssh = list(_accepted_by_ssh(analysis))
        nobody = _nobody(analysis, [row for row in known if row["protocol"] != _WITH_COMMUNITIES], told=bool(by_ssh))
        yield from (*by_ssh, nobody) if Topic.OUTCOME in question.topics else (nobody, *by_ssh)
    if named and _HOW_MANY.match(question.text):
        yield _counted(named)
    refused = [row for row in named if row["accepted"] is False]
    if named and not refused and _REFUSED.search(question.text):
        at = frames(named[-1], "user_frame", "reply_frame")
        yield Claim(text="Nobody: no login that is seen was refused.", frames=at, sources=("accounts",))
    told = dict[str, list[Row]]()
    for row in refused if refused and _REFUSED.search(question.text) else named:
        told.setdefault(_used(row), []).append(row)
    for text, group in list(told.items())[:_ROWS]:
        at = tuple(frame for row in group for frame in frames(row, "user_frame", "secret_frame", "reply_frame"))
        times = f" ({count(len(group), 'time')})" if len(group) > 1 else ""
        yield Claim(text=f"{text}{times}.", frames=at, sources=("accounts",))


def _accepted_by_ssh(analysis: Analysis) -> Iterator[Claim]:
    for finding in analysis.findings:
        if finding.rule == "ssh_login_accepted":
            yield Claim(text=finding.title, frames=finding.evidence.frames, sources=(finding.id,))


def _used(row: Row) -> str:
    """Return what the account is used for, and whether it is let in, without a full stop."""
    unproven = _BY_FORM if row["protocol"] == FORM_NAME else _UNPROVEN
    unknown = "no answer is seen" if row["reply_frame"] is None else unproven
    let_in = {True: "the login is accepted", False: "the login is refused"}.get(row["accepted"], unknown)
    # At a switch port, both are network cards, without ports.
    server = address(row["server"]) if row["server"].endswith(":0") else row["server"]
    at, by = f", server {server}" if server else "", address(row["client"]) or "the dialling side"
    text = f"The account {row['user']} ({row['protocol']}{at}) is used by {by}"
    return f"{text}: {let_in}"


def _nobody(analysis: Analysis, unnamed: Sequence[Row], *, told: bool) -> Claim:
    text, at = "No user's name can be read in this capture", tuple[int, ...]()
    if unnamed:
        protocols = listing(list(dict.fromkeys(row["protocol"] for row in unnamed)))
        at = tuple(frame for row in unnamed[:_ROWS] for frame in frames(row, "user_frame", "reply_frame"))
        text += f": what logs in by {protocols} gives none in clear text"
    else:
        text += ": there is no login in it that is not encrypted"
    if (
        not told
        and not unnamed
        and any((row.get("spoken") or "").startswith("ssh") for row in rows(analysis.stat("ports")))
    ):
        text += "; SSH's login is encrypted, so whether it succeeded cannot be read"
    return Claim(text=f"{text}.", frames=at, sources=("accounts",))


def _counted(known: Sequence[Row]) -> Claim:
    accepted, refused = (sum(row["accepted"] is said for row in known) for said in (True, False))
    text = f"{count(len(known), 'login attempt')}: {accepted} accepted, {refused} refused"
    at = tuple(frame for row in known[:_ROWS] for frame in frames(row, "reply_frame"))
    return Claim(text=f"{text}.", frames=at, sources=("accounts",))
