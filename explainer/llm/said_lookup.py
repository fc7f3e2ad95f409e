"""What a question asks of what was said to services: topics, searches, mails, mailboxes, the time, groups, the tree."""

import re
from collections import defaultdict
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing, milliseconds

_ROWS, _NAMED = 8, 6
_ACTIONS = (("publishes", r"\bpublish|\bsen[dt]"), ("subscribes to", r"\bsubscri"))
_MANY = re.compile(r"\bhow many\b", re.IGNORECASE)
_OFFSET_NOTICED_MS = 1.0
"""Below, what the way there and back takes from each other tells nothing."""


def topics(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which client publishes, and which subscribes to, which topics of a broker (MQTT)."""
    known = rows(analysis.stat("topics"))
    asked = [action for action, word in _ACTIONS if re.search(word, question.text, re.IGNORECASE)]
    words = set(re.findall(r"[\w/#+.-]+", question.text.lower()))
    known = [row for row in known if row["action"] in asked] or [r for r in known if r["action"] != "gets"] or known
    named = [r for r in known if r["client_id"].lower() in words or words & {*r["topic"].lower().split("/")}]
    told = defaultdict[tuple[str, str, str], list[Row]](list)
    for row in named or known:
        told[f"{row['client_id']} at " if row["client_id"] else "", address(row["client"]), row["action"]].append(row)
    for (name, client, action), group in list(told.items())[:_ROWS]:
        which = list(dict.fromkeys(row["topic"] for row in group))
        more = [f"{len(which) - _NAMED} more"] if len(which) > _NAMED else []
        text = f"{name}{client} {action} {listing([*which[:_NAMED], *more])} (MQTT, broker {group[0]['server']})"
        yield Claim(text=f"{text}.", frames=tuple(row["frame"] for row in group[:_NAMED]), sources=("topics",))


def searches(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what was searched in directories, and how many entries came."""
    found = dict[tuple[str, str, str, str], list[Row]]()
    for row in rows(analysis.stat("directory_searches")):
        found.setdefault((address(row["client"]), row["server"], row["wanted"], row["base"]), []).append(row)
    for (client, server, wanted, base), group in list(found.items())[:_ROWS]:
        last = group[-1]
        what = f"for {wanted}" if wanted else "for entries"
        below = f" below {base}" if base else " for what the server says of itself" if not wanted else ""
        times = f" ({count(len(group), 'time')})" if len(group) > 1 else ""
        came = "its end is not in this capture"
        if last["found"] is not None:
            entries = count(last["found"], "entry is", "entries are") if last["found"] else "nobody is"
            came = f"the search is refused (result {last['code']})" if last["code"] else f"{entries} found"
        text = f"{client} searches the directory {server} {what}{below}{times}: {came}"
        yield Claim(text=f"{text}.", frames=frames(last, "frame", "reply_frame"), sources=("directory_searches",))


def mails(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who wrote to whom by SMTP, whether it was taken, and which mailboxes were opened, with how many mails."""
    sessions = defaultdict[str, list[Row]](list)
    for row in rows(analysis.stat("answers")):
        if row["protocol"] == "SMTP" and row["kind"] == "mail":
            sessions[row["client"]].append(row)
    letters = [letter for said in sessions.values() for letter in _letters(said)]
    letters.sort(key=lambda letter: not _is_taken(letter))
    taken = sum(map(_is_taken, letters))
    if letters and _MANY.search(question.text):
        last = tuple(row["frame"] for letter in letters for row in letter[-1:])[:_ROWS]
        text = f"{taken} of {count(len(letters), 'mail')} {'was' if len(letters) == 1 else 'were'} accepted"
        yield Claim(text=f"{text}.", frames=last, sources=("answers",))
    for letter in letters[:_ROWS]:
        yield _letter(letter)
    opened = [row for row in rows(analysis.stat("answers")) if row["request"] in _OPENS and row["ok"]]
    spoken = [row for row in rows(analysis.stat("answers")) if row["protocol"] in _OF_MAIL]
    if spoken and not (letters or opened):
        text = "No mailbox is opened, and no mail is sent, as far as this capture can be read"
        yield Claim(text=f"{text}.", frames=frames(spoken[0], "frame"), sources=("answers",))
    for row in opened[:_ROWS]:
        what = f"the mailbox {row['about']}" if row["about"] else "the mailbox"
        size = f"{row['text'].split()[0]} messages" if row["request"] == "STAT" and row["text"] else row["text"]
        held = f": {size.rstrip(':.')}" if size else ""
        text = f"{address(row['client'])} opens {what} on {row['server']} ({row['protocol']}){held}"
        yield Claim(text=f"{text}.", frames=frames(row, "request_frame", "frame"), sources=("answers",))


_END = ("the mail", "BDAT")
_OF_MAIL = ("SMTP", "IMAP", "POP3")
_OPENS = ("SELECT", "EXAMINE", "STAT", "LIST")


def _letters(said: list[Row]) -> Iterator[list[Row]]:
    """Yield what was said of each mail of a session: it begins with MAIL."""
    starts = [index for index, row in enumerate(said) if row["request"] == "MAIL"]
    for start, end in zip(starts, [*starts[1:], len(said)], strict=True):
        yield said[start:end]


def _is_taken(letter: list[Row]) -> bool:
    return any(row["request"] in _END and row["ok"] for row in letter)


def _letter(letter: list[Row]) -> Claim:
    recipients = [row for row in letter if row["request"] == "RCPT"]
    to = listing([row["about"] for row in recipients if row["ok"]][:_NAMED])
    refused = listing([row["about"] for row in recipients if not row["ok"]][:_NAMED])
    end = next((row for row in letter if row["request"] in _END), None)
    outcome = "its end is not in this capture" if end is None else f"the server answers {end['code']}"
    if end is not None and end["ok"]:
        outcome = f"the mail is accepted ({end['code']})"
    sender = letter[0]["about"] or "Nobody (a notice, which has no sender)"
    text = f"{sender} writes to {to or 'nobody who is accepted'} (SMTP, server {letter[0]['server']}): {outcome}"
    at = tuple(frame for row in letter for frame in frames(row, "request_frame", "frame"))
    turned = f"; not accepted {'are' if ' and ' in refused else 'is'} {refused}" if refused else ""
    return Claim(text=f"{text}{turned}.", frames=at, sources=("answers",))


def clocks(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what time servers answered: their stratum, and how far their clock is from the recorder's."""
    for row in rows(analysis.stat("time_servers"))[:_ROWS]:
        yes = "Yes: the" if row["synchronised"] else "No: the"
        begins = yes if _SYNCHRONISED.search(question.text) else "Yes: the" if _ANSWERS.search(question.text) else "The"
        state = f"is at stratum {row['stratum']}" if row["synchronised"] else "has no time itself (not synchronised)"
        text = f"{begins} time server {row['server']} answers {row['client']}, and {state}{_offset(row)}"
        yield Claim(text=f"{text}.", frames=frames(row, "request_frame", "frame"), sources=("time_servers",))


_SYNCHRONISED = re.compile(r"\bsynchroni[sz]ed\b", re.IGNORECASE)
_ANSWERS = re.compile(r"^\s*(?:is|does)\b.*\b(?:reachable|up|alive|online|answers?|respond|work)\b", re.IGNORECASE)


def _offset(row: Row) -> str:
    offset = row["offset_ms"]
    if offset is None:
        return ""
    if abs(offset) < _OFFSET_NOTICED_MS:
        return "; its clock and that of the machine that recorded this differ by less than 1 ms"
    way = "ahead of" if offset > 0 else "behind"
    return f"; its clock is {milliseconds(abs(offset))} {way} that of the machine that recorded this"


def groups(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which hosts join and leave which multicast groups, and who asks for members (IGMP)."""
    said = defaultdict[tuple[str, str], list[Row]](list)
    for row in rows(analysis.stat("multicast_groups")):
        said[row["host"], row["action"]].append(row)
    for (host, action), group in list(said.items())[:_ROWS]:
        every = [row["group"] for row in group]
        which = "all groups" if every == ["0.0.0.0"] else listing(every[:_NAMED])
        noun = "" if which == "all groups" else "the multicast group " if len(every) == 1 else "the multicast groups "
        more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
        at = tuple(row["first_frame"] for row in group[:_NAMED])
        yield Claim(text=f"{host} {action} {noun}{which}{more} (IGMP).", frames=at, sources=("multicast_groups",))


def tree(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which bridge is the root of the spanning tree, as the bridges on this link say, and what changed."""
    known = rows(analysis.stat("spanning_tree"))
    for root in list(dict.fromkeys(row["root"] for row in known))[:_NAMED]:
        own = [row for row in known if row["root"] == root]
        bridges = list(dict.fromkeys(row["bridge"] for row in own))
        itself = "it itself" if bridges == [root] else listing(bridges[:_NAMED])
        cost = f", at a cost of {own[-1]['cost']}" if own[-1]["cost"] else ""
        text = f"The root bridge is {root} (priority {own[-1]['root_priority']}), says {itself}{cost}"
        at = tuple(row["first_frame"] for row in own[:_NAMED])
        yield Claim(text=f"{text}.", frames=at, sources=("spanning_tree",))
    for row in [row for row in known if row["changes"]][:_NAMED]:
        text = (
            f"{row['bridge']} tells of a topology change in {count(row['changes'], 'frame')}, as after a port comes up"
        )
        yield Claim(text=f"{text}.", frames=frames(row, "change_frame"), sources=("spanning_tree",))
