"""What a question whether it worked asks for where TLS hides what was said: handshakes, and how connections ended."""

import re
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.host_lookup import address
from explainer.llm.rows import frames, rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import count

_ROWS = 5
_DONE = "established"
_CERTIFICATE = re.compile(r"\bcert(?:ificate)?s?\b", re.IGNORECASE)
COMPLETED = "Yes, the TLS handshake"


def handshakes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that the handshakes of whom the question names were completed, where all were."""
    every = rows(analysis.stat("tls"))
    named = [row for row in every if _is_named(row["server"], question) or _is_named(row["client"], question)]
    told = named or every
    if not told or not all(row["outcome"].startswith(_DONE) for row in told):
        return
    for row in told[:_ROWS]:
        version = f" ({row['version']})" if row["version"] else ""
        text = f"{COMPLETED} of {row['client']} with {row['server']} was completed{version}"
        at = frames(row, "client_hello_frame", "server_hello_frame", "outcome_frame")
        yield Claim(text=f"{text}.", frames=at, sources=("tls",))


def transfers(analysis: Analysis) -> Iterator[Claim]:
    """Yield how much the servers sent in TLS connections that ended in order, where nothing is wrong."""
    if any(finding.severity is not Severity.INFO for finding in analysis.findings):
        return
    done = {(r["client"], r["server"]) for r in rows(analysis.stat("tls")) if r["outcome"].startswith(_DONE)}
    ended = [r for r in rows(analysis.stat("closings")) if (r["client"], r["server"]) in done and r["how"] == "FIN"]
    for row in ended[:_ROWS]:
        text = (
            f"No fault was found: in the TLS connection of {row['client']} with {row['server']} the server sent"
            f" {count(row['server_bytes'], 'byte')}, then the {row['ended_by']} closed it in order (FIN); what was"
            " sent is encrypted"
        )
        yield Claim(text=f"{text}.", frames=(row["frame"],), sources=("closings", "tls"))


def certificates(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield, to who asks about certificates where nothing is wrong, which were accepted, as far as they can be read."""
    used = [row for row in rows(analysis.stat("tls")) if row["outcome"].startswith(_DONE) and not row.get("resumed")]
    if not used or not _CERTIFICATE.search(question.text):
        return
    shown = list(
        {(row["certificate"], row["server"]): row for row in reversed(used) if row.get("certificate")}.values()
    )
    at = tuple(frame for row in (shown or used)[:_ROWS] for frame in frames(row, "server_hello_frame", "outcome_frame"))
    if not shown:
        text = (
            "No fault was found, but TLS 1.3 encrypts the certificates, so they cannot be read here:"
            f" {count(len(used), 'handshake was', 'handshakes were')} completed, as by a client that accepts them"
        )
        yield Claim(text=f"{text}.", frames=at, sources=("tls",))
        return
    for row in shown[:_ROWS]:
        until = f", valid until {row['certificate_expiry'][:10]}" if row["certificate_expiry"] else ""
        text = f"No fault was found with the certificate {row['certificate']} of {row['server']}{until}"
        yield Claim(text=f"{text}: the handshake was completed.", frames=at, sources=("tls",))


def hides(analysis: Analysis) -> bool:
    """Return whether TLS connections were opened whose contents nobody can read here."""
    read = {row["server"] for row in rows(analysis.stat("http")) if row["server"]}
    return any(r["outcome"].startswith(_DONE) and r["server"] not in read for r in rows(analysis.stat("tls")))


def _is_named(endpoint: str, question: Question) -> bool:
    return address(endpoint) in question.addresses or int(endpoint.rpartition(":")[2]) in question.ports
