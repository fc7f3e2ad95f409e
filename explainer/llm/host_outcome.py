"""What speaks for the hosts that a question names: their web pages and TLS connections that met no fault."""

from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.health import FIRST_ERROR
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import count

_ROWS = 3


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


def _host(text: str | None) -> str:
    return (text or "").partition(":")[0].lower().rstrip(".")


def _pages(good: list[Row]) -> str:
    last = good[-1]
    all_of = count(len(good), "HTTP request was answered", "HTTP requests were answered")
    return f"{all_of} without an error, the last one with {last['status']}"


def _handshakes(done: list[Row]) -> str:
    completed = count(len(done), "TLS handshake was completed", "TLS handshakes were completed")
    return f"{completed} (what was said after {'it' if len(done) == 1 else 'them'} is encrypted)"
