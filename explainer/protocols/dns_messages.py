"""DNS messages, as many as a frame holds (RFC 1035, section 4.1).

Rule: tshark prints the fields of all messages of a frame (TCP) as one list each; they are taken apart again by the
counts in each header, and what is cut short is left out.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from explainer.facts import Column, Kind

ID = Column("dns.id", Kind.INT, many=True)
FLAGS = Column("dns.flags", Kind.INT, many=True)
QUERY_NAME = Column("dns.qry.name", many=True)
QUERY_TYPE = Column("dns.qry.type", Kind.INT, many=True)
RECORD_NAME = Column("dns.resp.name", many=True)
RECORD_TYPE = Column("dns.resp.type", Kind.INT, many=True)
QUESTIONS = Column("dns.count.queries", Kind.INT, many=True)
ANSWERS = Column("dns.count.answers", Kind.INT, many=True)
AUTHORITIES = Column("dns.count.auth_rr", Kind.INT, many=True)
ADDITIONALS = Column("dns.count.add_rr", Kind.INT, many=True)

# What is kept of an answer, by record type; texts are not: they may hold anything.
VALUES = {
    1: Column("dns.a", many=True),
    2: Column("dns.ns", many=True),
    5: Column("dns.cname", many=True),
    6: Column("dns.soa.mname", many=True),
    12: Column("dns.ptr.domain_name", many=True),
    15: Column("dns.mx.mail_exchange", many=True),
    28: Column("dns.aaaa", many=True),
    33: Column("dns.srv.target", many=True),
}

COLUMNS = (
    ID, FLAGS, QUERY_NAME, QUERY_TYPE, RECORD_NAME, RECORD_TYPE, QUESTIONS, ANSWERS, AUTHORITIES, ADDITIONALS,
    *VALUES.values(),
)  # fmt: skip

_ADDRESSES, _TOWARDS = {1, 28}, {1, 5, 28, 39}
"""A and AAAA; and what answers a question for them: themselves, and aliases (CNAME, DNAME)."""
_RESPONSE, _OPCODE, _AUTHORITATIVE, _TRUNCATED, _RECURSIVE, _RCODE = 0x8000, 0x7800, 0x0400, 0x0200, 0x0080, 0x000F


class Message(NamedTuple):
    """One message; questions and records as name and type, of the answers also their addresses and names.

    `cut` says that it has more answers than can be read, as where the frame was stored in part, or is damaged.
    """

    id: int
    flags: int
    questions: tuple[tuple[str, int], ...]
    records: tuple[tuple[str, int], ...]
    answers: tuple[str, ...]
    cut: bool = False

    @property
    def response(self) -> bool:
        """Return whether it answers."""
        return bool(self.flags & _RESPONSE)

    @property
    def lookup(self) -> bool:
        """Return whether it belongs to a lookup, not to a notification, a dynamic update or the like."""
        return not self.flags & _OPCODE

    @property
    def truncated(self) -> bool:
        """Return whether it says that more did not fit."""
        return bool(self.flags & _TRUNCATED)

    @property
    def recursive(self) -> bool:
        """Return whether its server asks others for whoever asks it (RA)."""
        return bool(self.flags & _RECURSIVE)

    @property
    def authoritative(self) -> bool:
        """Return whether its server is in charge of the name's zone (AA)."""
        return bool(self.flags & _AUTHORITATIVE)

    @property
    def rcode(self) -> int:
        """Return the response code of its header (EDNS can extend it: not here)."""
        return self.flags & _RCODE


def messages(row: dict[str, Any]) -> Iterator[Message]:
    """Yield the messages of a row of the frame table."""

    def values(column: Column) -> list[Any]:
        return row[column.field] or []

    questions = zip(values(QUERY_NAME), values(QUERY_TYPE), strict=False)
    records = zip(values(RECORD_NAME), values(RECORD_TYPE), strict=False)
    texts = {number: iter(row[column.field]) for number, column in VALUES.items() if row[column.field]}
    headers = zip(values(ID), values(FLAGS), strict=False)
    counts = [values(column) for column in (QUESTIONS, ANSWERS, AUTHORITIES, ADDITIONALS)]
    for index, (number, flags) in enumerate(headers):
        if number is None or flags is None:
            return
        # A header that is cut has no counts.
        asked, answers, *rest = (column[index] or 0 if index < len(column) else 0 for column in counts)
        message_questions, message_records = (
            _known(islice(questions, asked)),
            _known(islice(records, answers + sum(rest))),
        )
        kept = [next(texts[kind], None) if kind in texts else None for _, kind in message_records]
        yield Message(
            number, flags, message_questions, message_records, tuple(filter(None, kept[:answers])),
            cut=len(message_records) < answers or _lacks_data(message_records[:answers], kept)
            or _beside(message_questions, message_records[:answers]),
        )  # fmt: skip


def _lacks_data(records: tuple[tuple[str, int], ...], kept: Sequence[str | None]) -> bool:
    """Return whether the last record is there without its data: newer tsharks show one that is cut within them."""
    return bool(records) and records[-1][1] in VALUES and kept[len(records) - 1] is None


def _beside(questions: tuple[tuple[str, int], ...], records: tuple[tuple[str, int], ...]) -> bool:
    """Return whether an address is asked for, and the answers are of kinds that never answer that, such as DS."""
    asked = {kind for _, kind in questions}
    return bool(records) and bool(asked) and asked <= _ADDRESSES and not {kind for _, kind in records} & _TOWARDS


def _known(pairs: Iterator[tuple[str | None, int | None]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, number) for name, number in pairs if name is not None and number is not None)
