"""tshark's `-T fields` lines → typed columns; pure.

Rules: columns are separated by tabs, which every tshark 4 escapes inside values, and a field's repetitions by a byte
that is in no UTF-8 text, so that no captured string can shift a column: what newer tsharks escape inside values, they
escape between them, too.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Column, Kind
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, LENGTH

_NO_TEXT = b"\xff" if os.name == "posix" else b"\x1f"  # arguments are text elsewhere: the rarest there
_REPEATED = "\r"  # what it becomes here: raw, no tshark prints it
_OPTIONS = ("-E", "separator=/t", "-E", f"aggregator={os.fsdecode(_NO_TEXT)}", "-E", "occurrence=a", "-E", "quote=n")
_BACKSLASH = b"\\"
_END_OF_TIME_S = 9_223_372_036  # in the year 2262: later nanoseconds do not fit into 64 bits
_TRUE = ("1", "True")  # tshark 4.0; newer ones


def ordered(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the columns with the frame number first and its length last: no row begins or ends empty."""
    return (FRAME, *(column for column in columns if column not in (FRAME, LENGTH)), LENGTH)


def arguments(columns: Sequence[Column]) -> list[str]:
    """Return tshark's arguments that print these columns."""
    return ["-T", "fields", *_OPTIONS, *(word for column in columns for word in ("-e", column.field))]


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks cut anew, each after a line feed; a last line without one (tshark was stopped) is dropped."""
    pending = b""
    for chunk in chunks:
        pending += chunk
        cut = pending.rfind(b"\n") + 1
        if cut:
            yield pending[:cut]
            pending = pending[cut:]


def read(lines: bytes, columns: Sequence[Column], *, doubled: bool) -> "pl.DataFrame":
    """Return the lines as a frame table, each column in its type; `doubled` backslashes are made single."""
    if doubled:
        lines = lines.replace(_BACKSLASH * 2, _BACKSLASH)
    names = [column.field for column in columns]
    text = pl.read_csv(
        lines.replace(_NO_TEXT, _REPEATED.encode()),
        has_header=False, separator="\t", quote_char=None, eol_char="\n", encoding="utf8-lossy",
        new_columns=names, schema_overrides=[pl.String] * len(names), infer_schema=False,
    )  # fmt: skip
    nulls = text.null_count().row(0, named=True)
    there = [column for column in columns if nulls[column.field] < text.height or column.kind is Kind.FLAG]
    single = [column.field for column in there if not column.many]
    repeated = text.select(pl.col(single).str.contains(_REPEATED, literal=True).any()).row(0, named=True)
    typed = text.select(_typed(column, repeated=repeated.get(column.field) is True) for column in there)
    # Most columns are of protocols that a piece has not: to convert nothing takes as long as to convert something.
    found = set(typed.columns)
    return pl.DataFrame([typed.get_column(c.field) if c.field in found else _nothing(c, text.height) for c in columns])


def empty(columns: Sequence[Column]) -> "pl.DataFrame":
    """Return the table of a tshark that printed nothing."""
    text = pl.DataFrame(schema={column.field: pl.String for column in columns})
    return text.select(_typed(column, repeated=False) for column in columns)


def _nothing(column: Column, height: int) -> "pl.Series":
    dtype = {Kind.TEXT: pl.String, Kind.FLOAT: pl.Float64}.get(column.kind, pl.Int64)
    return pl.Series(column.field, [None], pl.List(dtype) if column.many else dtype).new_from_index(0, height)


def _typed(column: Column, *, repeated: bool) -> "pl.Expr":
    text = pl.col(column.field)
    if column.many:
        values = text.str.split(_REPEATED)
        return values if column.kind is Kind.TEXT else values.list.eval(_value(pl.element(), column.kind))
    first = text.str.split(_REPEATED).list.first() if repeated else text
    return _value(first, column.kind).alias(column.field)


def _value(text: "pl.Expr", kind: Kind) -> "pl.Expr":
    match kind:
        case Kind.TEXT:
            return text
        case Kind.INT:
            hexadecimal = text.str.strip_prefix("0x").str.to_integer(base=16, strict=False)
            return pl.when(text.str.starts_with("0x")).then(hexadecimal).otherwise(text.str.to_integer(strict=False))
        case Kind.FLOAT:
            return text.cast(pl.Float64, strict=False)
        case Kind.FLAG:
            return text.is_in(_TRUE).fill_null(value=False)
        case Kind.TIME:
            return _nanoseconds(text)


def _nanoseconds(text: "pl.Expr") -> "pl.Expr":
    # Two integers, since a float of today's seconds has no room for nanoseconds.
    parts = text.str.split_exact(".", 1)
    seconds = parts.struct.field("field_0").cast(pl.Int64, strict=False)
    seconds = pl.when(seconds.abs() < _END_OF_TIME_S).then(seconds)  # a damaged file can claim any time
    fraction = parts.struct.field("field_1").fill_null("0").str.pad_end(9, "0").cast(pl.Int64, strict=False)
    return seconds * 1_000_000_000 + pl.when(text.str.starts_with("-")).then(-fraction).otherwise(fraction)
