"""What speaks for the hosts that a question names: their web pages and TLS connections that met no fault."""

import re
from collections.abc import Iterator

from explainer.brief.question import Question, Topic
from explainer.llm.health import FIRST_ERROR
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import count, listing

_ROWS = 3
_OF_REACH = {Topic.REACH, Topic.PORTS, Topic.OUTCOME, Topic.SILENCE, Topic.BLAME}
_ANYONE = re.compile(r"\b(?:servers?|hosts?|site|machine|it|connect(?=\W*$))\b", re.IGNORECASE)
YES_OR_NO = re.compile(r"\s*(?:is|are|was|were|does|do|did|can|could|has|have)\b(?!')", re.IGNORECASE)


def well(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield, of each name in the question, that all was well: no web page with an error, no failed TLS handshake."""
    pages = [row for row in rows(analysis.stat("http")) if row["method"]]
    handshakes = rows(analysis.stat("tls"))
    for name in sorted(question.names):
        own = [row for row in pages if _host(row["host"]) == name]
        hidden = [row for row in handshakes if _host(row["server_name"]) == name]
        good = [row for row in own if row["status"] and row["status"] < FIRST_ERROR]
        done = [row for row in hidden if row["outcome"].startswith("established")]
        if not (good or done) or len(good) < len(own) or len(done) < len(hidden):
            continue
        parts = [*([_pages(good)] if good else []), *([_handshakes(done)] if done else [])]
        at = [frame for row in good[-_ROWS:] for frame in frames(row, "request_frame", "response_frame")]
        at += [frame for row in done[:_ROWS] for frame in frames(row, "client_hello_frame", "server_hello_frame")]
        text = f"No fault was found with {name}: {', and '.join(parts)}."
        yield Claim(text=text, frames=tuple(at), sources=("http", "tls"))


def reached(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that the servers, or those of them that are named, took the connections to them, where nothing is wrong."""
    opened = [row for row in rows(analysis.stat("rtt")) if row["syn_ack_frame"] is not None]
    told = [row for row in opened if _is_meant(row, question)]
    wrong = any(finding.severity is not Severity.INFO for finding in analysis.findings)
    if not told or wrong or question.names or rows(analysis.stat("unanswered")):
        return
    anyone = question.addresses or question.ports or _ANYONE.search(question.text)
    if question.topics - _OF_REACH or not anyone:  # IPv6, a database or a file is another matter
        return
    yes_or_no = YES_OR_NO.match(question.text) is not None
    if not (yes_or_no or question.about_a_fault):
        return
    servers = list(dict.fromkeys(address(row["server"]) for row in told))
    more = [f"{len(servers) - _ROWS} more"] if len(servers) > _ROWS else []
    took = count(len(told), "connection was accepted", "connections were accepted")
    text = f"{listing([*servers[:_ROWS], *more])} {'was' if len(servers) == 1 else 'were'} reached: {took}"
    begins = "Yes, " if yes_or_no else "No fault was found: "
    at = tuple(frame for row in told[:_ROWS] for frame in frames(row, "syn_frame", "syn_ack_frame"))
    yield Claim(text=f"{begins}{text}.", frames=at, sources=("rtt",))


def _is_meant(row: Row, question: Question) -> bool:
    """Return whether it goes to the host and port that are named, or from the host that is to reach another."""
    client, server = address(row["client"]), address(row["server"])
    if question.ports and int(row["server"].rpartition(":")[2]) not in question.ports:
        return False
    comes = re.search(rf"{re.escape(client)}\b.*\b(?:reach|connect)\b", question.text, re.IGNORECASE)
    others = question.addresses - {client} if comes else question.addresses
    return others <= {server}


def _host(text: str | None) -> str:
    return (text or "").partition(":")[0].lower().rstrip(".")


def _pages(good: list[Row]) -> str:
    last = good[-1]
    all_of = count(len(good), "HTTP request was answered", "HTTP requests were answered")
    return f"{all_of} without an error, the last one with {last['status']}"


def _handshakes(done: list[Row]) -> str:
    completed = count(len(done), "TLS handshake was completed", "TLS handshakes were completed")
    return f"{completed} (what was said after {'it' if len(done) == 1 else 'them'} is encrypted)"
