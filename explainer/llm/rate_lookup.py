"""What a question about speed asks for: how much was carried in which time, by conversation."""

from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.host_lookup import talks
from explainer.llm.rows import Row, rows
from explainer.model import Analysis, Claim
from explainer.wording import milliseconds

_ROWS, _WHOLE = 3, 10
_LEAST_BYTES = 10_000
"""Of less, the time is that of single packets: a rate would say nothing."""


def rates(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how fast the largest conversations carry data, in Mbit/s with all headers, pauses included."""
    every = [
        (row, transport)
        for transport in ("TCP", "UDP")
        for row in rows(analysis.stat(f"conversations_{transport.lower()}"))
        if row["duration_s"]
    ]
    named = [(row, how) for row, how in every if {row["a"], row["b"]} & question.addresses]
    largest = sorted(named or every, key=lambda found: -max(found[0]["bytes_a_b"], found[0]["bytes_b_a"]))
    told = [found for found in largest if max(found[0]["bytes_a_b"], found[0]["bytes_b_a"]) >= _LEAST_BYTES][:_ROWS]
    for row, transport in told:
        yield _rate(analysis, row, transport)
    if not told:
        text = "This capture cannot tell how fast the network is: no conversation in it carries 10,000 bytes or more"
        yield Claim(text=f"{text}.", sources=("conversations_tcp", "conversations_udp"))


def _rate(analysis: Analysis, row: Row, transport: str) -> Claim:
    sender, receiver, sent = row["a"], row["b"], row["bytes_a_b"]
    if row["bytes_b_a"] > sent:
        sender, receiver, sent = receiver, sender, row["bytes_b_a"]
    seconds, port = row["duration_s"], row["b_port"]
    first = next((t.frame for t in talks(analysis) if {t.client, t.server} == {sender, receiver} and t.frame), None)
    text = (
        f"{receiver} gets {sent:,} bytes from {sender} ({transport}, ports {row['a_port']} and {port}) in"
        f" {milliseconds(1000 * seconds)}: {_megabits(sent, seconds)} on average, headers and pauses included"
    )
    return Claim(text=f"{text}.", frames=(first,) if first else (), sources=(f"conversations_{transport.lower()}",))


def _megabits(octets: int, seconds: float) -> str:
    rate = octets * 8 / seconds / 1e6
    return f"{rate:,.0f} Mbit/s" if rate >= _WHOLE else f"{rate:.2g} Mbit/s"
