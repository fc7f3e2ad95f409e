"""Whether a login was accepted: yes, no, or that it cannot be seen, with the frames that say so."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.brief.question import Question, Topic
from explainer.llm import spoken
from explainer.llm.host_lookup import Talk, address, talks
from explainer.llm.relevance import NO_FAILURE
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim, Finding, Severity
from explainer.wording import count, listing

_ROWS = 8
_FAILURES = (Severity.HIGH, Severity.MEDIUM)
_OF_SSH = "ssh_login_accepted"
_DOES_NOT_LAST = "http_cookie_lost"
"""The password is accepted, and the client still not signed in."""
YES, NO, IN_PART, UNSEEN, NONE = "Yes: ", "No: ", "In part: ", "That cannot be seen here: ", "No login"
PROBABLY = "Probably: "
"""A refused login does not say that the password is what was wrong."""
SAID = (YES, NO, PROBABLY, IN_PART, UNSEEN, NONE)
_ASKS_FOR_NO = re.compile(
    r"(?<!without )(?<!without any )(?<!with no )\b(?:fail\w*|refus\w*|reject\w*|denied|deny|wrong"
    r"|incorrect|bad|invalid|problems?|troubles?|issues?|errors?|broken|blocked"
    r"|locked|unable|faulty|impossible|not (?:work\w*|possible|accepted))\b",
    re.IGNORECASE,
)
"""What makes "yes" mean that nobody was let in."""
_OF_LOGINS = re.compile(r"\b(?:log-?in|sign-?in|let \S+ (?:at \S+ )?in|bind)\b", re.IGNORECASE)
_ACCEPTED, _REFUSED = "was accepted", "was refused"
_ANYBODY = (
    r"(?!(?:the|a|an|my|our|his|her|their|your|this|that|any\w*|some\w*|every\w*|users?|clients?|people|staff|server"
    r"|customers?|colleagues?|employees?|he|she|it|they|we|i|you|one"
)
_WHOSE = re.compile(
    rf"\b(?:log-?in|sign-?in|logon) (?:of|for|by) (?:the )?(?:user )?{_ANYBODY})\b)([a-z][\w.@-]*)"
    rf"|^\s*(?:did|does|can|could|was|is|has) (?:(?:the )?user )?{_ANYBODY}|log\w*|sign\w*|auth\w*|there|password"
    r"|bind)\b)([a-z][\w.@-]*) (?:able to )?(?:log|sign|get|got|authenticate)",
    re.IGNORECASE,
)
"""A user's name, by its place in the question."""
_PASSWORD = re.compile(r"\bpass(?:word|phrase|code)s?\b", re.IGNORECASE)
_CREDENTIALS = re.compile(r"password|credential|user name|let .* in", re.IGNORECASE)
_NOBODY = "without a user's name"


def logins(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how the logins ended, of whom and what the question names where it names some; the last of each counts."""
    attempts = defaultdict[tuple[object, ...], list[Row]](list)
    known = rows(analysis.stat("accounts"))
    if absent := _absent(known, question):
        at = tuple(frame for row in known[:_ROWS] for frame in frames(row, "user_frame"))
        others = listing(list(dict.fromkeys(row["user"] for row in known if row["user"]))[:_ROWS])
        text = f"{NONE} of {absent} in this capture; those that are seen are of {others}"
        yield Claim(text=f"{text}.", frames=at, sources=("accounts",))
        return
    for row in _asked_about(known, question):
        attempts[row["protocol"], address(row["client"]), row["server"], row["user"]].append(row)
    refusal = _ASKS_FOR_NO.search(question.text) is not None
    if attempts:
        password = _PASSWORD.search(question.text) is not None
        yield from _told(list(attempts.values()), refusal=refusal, password=password)
        return
    for finding in [f for f in analysis.findings if f.rule == _OF_SSH]:
        text = f"{NO if refusal else YES}{finding.title}"
        yield Claim(text=text, frames=finding.evidence.frames, sources=(finding.id,))
        return
    yield _unseen(talks(analysis))


def _absent(known: Sequence[Row], question: Question) -> str:
    """Return the user whom the question names, where other users' logins are seen, and none of that name's."""
    named = next((match[1] or match[2] for match in _WHOSE.finditer(question.text)), "")
    users = {row["user"].lower() for row in known if row["user"]}
    protocols = {row["protocol"].lower() for row in known}
    meant = not users or named.lower() in protocols or any(named.lower() in user for user in users)
    return "" if meant else named


def _asked_about(found: Sequence[Row], question: Question) -> Sequence[Row]:
    """Return the rows of the user, the protocol or the hosts that the question names, or all."""
    words = set(re.findall(r"[\w.@-]+", question.text.lower()))
    # A community is a password that is sent along with each question, not a login.
    found = [row for row in found if row["user"] or row["protocol"] != "SNMP"]
    for named in (
        [row for row in found if row["user"] and row["user"].lower() in words],
        [row for row in found if row["protocol"].lower().split()[0] in words],
        [row for row in found if {address(row["client"]), address(row["server"])} & question.addresses],
    ):
        if named:
            return named
    return found


def _told(attempts: Sequence[Sequence[Row]], *, refusal: bool, password: bool) -> Iterator[Claim]:
    """Yield the answer, then each login; where it is asked whether one was refused, "yes" says that it was."""
    accepted = [one for one in attempts if one[-1]["accepted"]]
    refused = [one for one in attempts if one[-1]["accepted"] is False]
    begins = IN_PART
    if len(accepted) == len(attempts):
        begins = NO if refusal else YES
    elif len(refused) == len(attempts):
        begins = YES if refusal else NO
    elif not accepted and not refused:
        begins = UNSEEN
    if begins == YES and password and refusal:
        begins = PROBABLY
    shown = [*accepted, *refused, *(one for one in attempts if one[-1]["accepted"] is None)]
    counted = ""
    if len(shown) > 1:
        parts = [
            *([count(len(accepted), "login was accepted", "logins were accepted")] if accepted else []),
            *([count(len(refused), "login was refused", "logins were refused")] if refused else []),
        ]
        counted = f"{listing(parts) or 'no answer tells'}; "
    yield _claim(shown[0], f"{begins}{counted}{_sentence(shown[0])}")
    for one in shown[1:_ROWS]:
        yield _claim(one, f"{_sentence(one)[:1].upper()}{_sentence(one)[1:]}")


def _claim(attempts: Sequence[Row], text: str) -> Claim:
    """Return the claim with the frames of the attempts: of the last one all."""
    earlier = [frame for row in attempts[:-1][-_ROWS:] for frame in frames(row, "reply_frame")]
    last = frames(attempts[-1], "user_frame", "secret_frame", "reply_frame")
    return Claim(text=f"{text}.", frames=(*earlier, *last), sources=("accounts",))


def explains(finding: Finding, first: Claim) -> bool:
    """Return whether a finding says why this login was refused, or why none can be seen, where something failed."""
    if finding.severity not in _FAILURES or finding.rule.startswith(NO_FAILURE):
        return False
    if first.text.startswith((UNSEEN, NONE)):
        return True
    of_logins = _REFUSED in first.text and _OF_LOGINS.search(finding.title) is not None
    of_server = of_logins and any(f"{server}:" in first.text for server in finding.scope.addresses)
    return of_server or bool(set(first.frames) & set(finding.evidence.frames))


def begins(question: Question, finding: Finding, looked_up: Sequence[Claim]) -> str:
    """Return "No: " before the finding that explains a refused login, where it is asked whether there was one.

    That a login was refused does not say that the password is wrong: the finding says for what.
    """
    first = looked_up[0] if looked_up and Topic.LOGIN in question.topics else None
    if first is None or not first.text.startswith((YES, NO, PROBABLY)) or not explains(finding, first):
        return ""
    if _PASSWORD.search(question.text):
        other = _ASKS_FOR_NO.search(question.text) and not _CREDENTIALS.search(finding.title)
        return NO if other else ""
    if finding.rule == _DOES_NOT_LAST:
        return "" if _ASKS_FOR_NO.search(question.text) else NO
    return first.text[: first.text.index(":") + 2]


def _sentence(attempts: Sequence[Row]) -> str:
    """Return how a login ended, after which attempts, as it stands in the middle of a sentence."""
    row = attempts[-1]
    server = row["server"] if not row["server"].endswith(":0") else address(row["server"])
    whose = f"the {row['protocol']} login of {row['user']}" if row["user"] else f"the {row['protocol']} login"
    between = f"{whose} from {address(row['client']) or 'the dialling side'} to {server or 'the access server'}"
    if row["accepted"] is None:
        unseen = "is not answered in this capture" if row["reply_frame"] is None else f"is answered, but {_UNPROVEN}"
        return f"{between} {unseen}"
    earlier = sum(each["accepted"] is False for each in attempts[:-1])
    after = f", after {count(earlier, 'refused attempt')}" if earlier else ""
    named = "" if row["user"] else f" ({_NOBODY} that could be read)"
    return f"{between} {_ACCEPTED if row['accepted'] else _REFUSED}{after}{named}"


_UNPROVEN = "the answer does not tell whether user name and password were right"


def _unseen(known: Sequence[Talk]) -> Claim:
    hidden = [talk for talk in known if talk.spoken in spoken.ENCRYPTED and talk.frame]
    if not hidden:
        return Claim(
            text=f"{NONE} is seen in this capture: nobody gives a user's name or a password.", sources=("accounts",)
        )
    names = list(dict.fromkeys(f"{spoken.name(talk.spoken)} with {talk.server}" for talk in hidden))[:_ROWS]
    at = tuple(talk.frame for talk in hidden[:_ROWS] if talk.frame)
    text = f"{UNSEEN}what was said in {listing(names)} is encrypted, a login included, and outside of it there is none."
    return Claim(text=text, frames=at, sources=("accounts",))
