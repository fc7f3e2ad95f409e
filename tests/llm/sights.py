"""An index of a few frames, made by hand."""

import polars as pl

from explainer.protocols import frame_index
from explainer.protocols.frame_index import FrameIndex

_MANY = {"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "eth.src", "eth.dst", "tcp.stream", "udp.stream"}


def index(*rows: dict[str, object]) -> FrameIndex:
    """Return the index of frames that are given by tshark's names for their fields."""
    columns = {column.field: column for column in frame_index._COLUMNS}
    schema = {
        name: pl.List(pl.String if "port" not in name and "stream" not in name else pl.Int64)
        if column.many
        else pl.Int64
        if column.kind.name in ("INT", "TIME")
        else pl.Boolean
        if column.kind.name == "FLAG"
        else pl.String
        for name, column in columns.items()
    }
    filled = [{name: row.get(name) for name in columns} for row in rows]
    return FrameIndex(pl.DataFrame(filled, schema=schema))


def tcp(number: int, info: str, *, flags: int = 0x10, protocols: str = "eth:ethertype:ip:tcp", back: bool = False,
        stream: int = 1) -> dict[str, object]:  # fmt: skip
    """Return a frame between the two hosts that the tests know."""
    ends = ("10.20.2.20", "10.20.1.10") if back else ("10.20.1.10", "10.20.2.20")
    ports = (443, 37092) if back else (37092, 443)
    return {
        "frame.number": number, "frame.len": 66, "frame.time_relative": number * 1_000_000,
        "frame.protocols": protocols,
        "_ws.col.Protocol": protocols.rpartition(":")[2].upper(), "_ws.col.Info": info, "tcp.stream": [stream],
        "tcp.flags": flags, "ip.src": [ends[0]], "ip.dst": [ends[1]], "tcp.srcport": [ports[0]],
        "tcp.dstport": [ports[1]], "eth.src": ["02:00:0a:14:01:0a"], "eth.dst": ["02:00:0a:14:01:01"],
    }  # fmt: skip
