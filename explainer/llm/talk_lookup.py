"""What a question about names, files and accounts asks for outright, read from the statistics."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from explainer.brief.question import Question
from explainer.brief.topics import Topic
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.protocols.applications.ftp import ANONYMOUS
from explainer.wording import count, listing

_ROWS = 8
_NAMES = 6


def files(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who uploaded, downloaded or opened which file, also by HTTP."""
    yield from moved(analysis, question)
    yield from _web(analysis, question)


def moved(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who uploaded, downloaded or opened which file by a protocol for files."""
    told = dict[str, tuple[int, ...]]()
    asked = next((action for action, words in _ACTIONS if words.search(question.text)), "")
    # What is asked for comes first, and of that what failed: one success does not speak for the others.
    every = sorted(about(rows(analysis.stat("files")), question), key=lambda row: _after(row, asked, question))
    for row in every:
        done = {True: "; it succeeds", False: "; it is refused"}.get(row["ok"], "")
        text = (
            f"{address(row['client'])} {row['action']} {row['name']} ({row['protocol']}, server {row['server']}){done}"
        )
        told[text] = told.get(text, ()) + frames(row, "frame", "reply_frame")
    for text, at in list(told.items())[:_ROWS]:
        yield Claim(text=f"{text}.", frames=at, sources=("files",))


def _after(row: Row, asked: str, question: Question) -> tuple[bool, ...]:
    another = not question.named([row["name"] or ""])
    return (another, row["action"] != asked, row["ok"] is not False) if asked else (another,)


def did(question: Question, claim: Claim) -> bool:
    """Return whether a claim of a file says that just what is asked for was done, and succeeded."""
    asked = next((action for action, words in _ACTIONS if words.search(question.text)), "")
    return bool(asked) and f" {asked} " in claim.text and claim.text.endswith(_DONE)


_DONE = "; it succeeds."
_ASKS_FOR_UPLOADS = re.compile(r"\bupload", re.IGNORECASE)
_ACTIONS = (
    ("uploads", _ASKS_FOR_UPLOADS),
    ("downloads", re.compile(r"\bdownload|\bfetch", re.IGNORECASE)),
    ("deletes", re.compile(r"\bdelet", re.IGNORECASE)),
)
_SENDING = ("POST", "PUT")


def _web(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what was fetched and sent by HTTP, the same file once."""
    told = dict[str, tuple[int, ...]]()
    found = [row for row in rows(analysis.stat("http")) if row["method"] in ("GET", *_SENDING) and row["path"]]
    if found and _ASKS_FOR_UPLOADS.search(question.text):
        found = [row for row in found if row["method"] in _SENDING]
        if not found:
            text = "No upload over HTTP (POST, PUT) that can be read whole is in this capture"
            yield Claim(text=f"{text}.", sources=("http",))
            return
    for row in about(found, question):
        host, status = row["host"] or row["server"], row["status"]
        answer = f"HTTP {status}" if status else "no answer that can be read whole in this capture"
        does = f"sends to {row['path']} of" if row["method"] in _SENDING else f"fetches {row['path']} from"
        text = f"{address(row['client'])} {does} {host} ({answer})"
        told[text] = told.get(text, ()) + frames(row, "request_frame", "response_frame")
    for text, at in list(told.items())[:_ROWS]:
        yield Claim(text=f"{text}.", frames=at, sources=("http",))
    if not told and not rows(analysis.stat("files")) and not question.about_a_fault:
        text = "No file can be seen in this capture: none by FTP, TFTP or SMB, and none by HTTP without TLS"
        if any("NFS" in row["protocols"] for row in rows(analysis.stat("spoken"))):
            text += "; which ones are asked for by NFS is not read here"
        yield Claim(text=f"{text}.", sources=("files", "http"))


_SECRET = re.compile(r"passw|passphrase|credential|secret|log-?in\b", re.IGNORECASE)


def asks_for_secrets(question: Question) -> bool:
    """Return whether a question is about passwords, and not about all that can be read."""
    return bool(_SECRET.search(question.text))


def passwords(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield the answer no: a password that can be read is a finding."""
    if Topic.ENCRYPTED in question.topics and not asks_for_secrets(question):
        return
    known = rows(analysis.stat("accounts"))
    if any(row["clear_text"] for row in known):
        return
    anonymous = next((row for row in known if (row["user"] or "").lower() in ANONYMOUS), None)
    if anonymous:
        text = (
            f"No password that is a secret is visible: {address(anonymous['client'])} signs in to {anonymous['server']}"
        )
        yield Claim(
            text=f"{text} as {anonymous['user']} ({anonymous['protocol']} in clear text), where any word will do.",
            frames=frames(anonymous, "user_frame", "secret_frame", "reply_frame"), sources=("accounts",),
        )  # fmt: skip
    else:
        text = "No password is visible: no login in clear text was found in this capture."
        yield Claim(text=text, sources=("accounts",))


def names(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who asked which name server for which names, and at which interface it was captured."""
    groups = defaultdict[tuple[str, str, str], list[Row]](list)
    every = rows(analysis.stat("dns"))
    asked_about = [row for row in every if question.named([row["name"] or ""])]
    for row in about(asked_about or every, question):
        if row["query_frame"] is not None:
            groups[address(row["client"]), address(row["server"]), row["interface"] or ""].append(row)
    for (client, server, interface), group in list(groups.items())[:_ROWS]:
        asked = list(dict.fromkeys(f"{row['name']} ({row['type']})" for row in group if row["name"]))
        more = [f"{len(asked) - _NAMES} more"] if len(asked) > _NAMES else []
        where = f", at the interface {interface}" if interface not in ("", "unknown") else ""
        answered = sum(row["response_frame"] is not None for row in group)
        text = f"{client} asks {server} for {listing([*asked[:_NAMES], *more])}{where}"
        all_frames = tuple(frame for row in group[:_ROWS] for frame in frames(row, "query_frame", "response_frame"))
        ends = group[-1]["query_frame"] == analysis.info.frames and group[-1]["response_frame"] is None
        early = "; the capture ends with the last of them, too early for an answer" if ends else ""
        text += f"; {answered} of {count(len(group), 'question')} answered{early}"
        yield Claim(text=f"{text}.", frames=all_frames, sources=("dns",))


def about(found: Iterable[Row], question: Question) -> list[Row]:
    """Return the rows of the hosts that the question names; all where it names none of them."""
    every = list(found)
    named = [row for row in every if {address(row["client"]), address(row["server"])} & question.addresses]
    return named or every
