"""UDP services of which every request wants an answer, and requests that get none."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS, last_ns
from explainer.protocols.layers import UDP
from explainer.protocols.udp_conversations import of_both_ends

_PAIR = ("client", "server", "port", "protocol")
_ASKED = ("client", "server", "protocol")
SERVICES = {
    "wg": "WireGuard", "openvpn": "OpenVPN", "isakmp": "IPsec (IKE)", "ntp": "NTP", "snmp": "SNMP", "radius": "RADIUS",
    "tftp": "TFTP", "l2tp": "L2TP", "kerberos": "Kerberos", "coap": "CoAP", "rpc": "RPC", "sip": "SIP",
    "cldap": "LDAP over UDP (CLDAP)",
}  # fmt: skip
"""What tshark calls the protocols in frame.protocols, and people do. DNS, DHCP, QUIC and DTLS have rules of their own;
syslog, NetFlow, RTP and the like want no answer; STUN's checks are meant to fail where there is no way."""
_QUOTED = r":icmp(?:v6)?:(?:[\w.-]+:)*udp"
"""What an ICMP error quotes, which was not sent in that frame."""
_TFTP, _SNMP = "tftp", "snmp"
_KEPT_ALIVE = ("wg", "openvpn")  # each end of such a tunnel answers data within 10 s or so, if only with a keep-alive
_SIP, _NTP, _RPC = Column("sip.Status-Code"), Column("ntp.flags.mode", Kind.INT), Column("rpc.msgtyp", Kind.INT)
_NTP_ANSWERS, _RPC_REPLY = (4, 5), 1  # RFC 5905: server, broadcast
"""What says that a packet is an answer, of protocols whose two ends often have the same port, or any."""
_PORTS = {
    "isakmp": {500, 4500}, "ntp": {123}, "snmp": {161}, "radius": {1645, 1646, 1812, 1813, 3799}, "tftp": {69},
    "l2tp": {1701}, "kerberos": {88, 464}, "coap": {5683}, "cldap": {389},
}  # fmt: skip
"""Elsewhere tshark may only guess. SNMP's notifications (port 162) want no answer; the others go by their contents."""


class Unanswered(NamedTuple):
    """Requests of one client to one service of one server, of which none is answered, or none any more.

    `answer` is the last answer that came before these requests, where one did. `unheard` are answers from another port
    (TFTP's, RFC 1350 section 4) to which the client says nothing. `elsewhere` is the first answer to another port of
    the client, where only some of its ports are answered (SNMP's, whose every exchange may name another community).

    `others` are the servers that answer the same client in the same protocol; `after_s` is the time from the first
    request to the end of the capture.
    """

    client: str
    server: str
    port: int
    protocol: str
    frames: tuple[int, ...]
    sizes: int
    lasted_s: float
    after_s: float
    others: tuple[str, ...]
    answer: int | None = None
    unheard: tuple[int, ...] = ()
    elsewhere: int | None = None

    @property
    def service(self) -> str:
        """Return how people call the protocol."""
        return SERVICES[self.protocol]


@fact("UDP requests", UDP.headers, FRAME, PROTOCOLS, last_ns, _SIP, _NTP, _RPC)
def unanswered_requests(facts: Facts) -> tuple[Unanswered, ...]:
    """Return the requests to known services that nothing of the server's port answers, by their first frame.

    Of a tunnel the innermost UDP header counts, which is that of the service.
    Nothing is known of a conversation of which the first packet is an answer: its requests are not in the capture.
    """
    table, end = _said(facts), facts[last_ns]
    if table is None:
        return ()
    asks = (pl.col("src") == pl.col("client")) & (pl.col("dport") == pl.col("port"))
    grouped = table.group_by(_PAIR, maintain_order=True).agg(
        pl.col("frame").filter(asks).alias("frames"), pl.col("length").filter(asks).n_unique().alias("sizes"),
        pl.col("time").first().alias("first"), pl.col("time").filter(asks).last().alias("last"),
        (~asks).any().alias("answered"), pl.col("sport").filter(asks).unique().alias("from"),
    )  # fmt: skip
    answering = dict[tuple[str, str], list[str]]()
    for row in grouped.filter("answered").iter_rows(named=True):
        answering.setdefault((row["client"], row["protocol"]), []).append(row["server"])
    elsewhere = _from_another_port(grouped.filter(pl.col("protocol") == _TFTP), facts[UDP.headers])
    never = tuple(
        Unanswered(
            row["client"], row["server"], row["port"], row["protocol"], tuple(row["frames"]), row["sizes"],
            (row["last"] - row["first"]) / 1e9, (end - row["first"]) / 1e9,
            tuple(dict.fromkeys(answering.get((row["client"], row["protocol"]), ()))), unheard=unheard or (),
        )
        for row in grouped.filter(~pl.col("answered")).iter_rows(named=True)
        if (unheard := elsewhere.get((row["client"], row["server"], row["protocol"]))) != ()
        and row["port"] in _PORTS.get(row["protocol"], {row["port"]})
        and row["last"] >= row["first"]
        and not _to_many(row["server"])
    )  # fmt: skip
    late = table.with_columns(asks.alias("asks")).filter(pl.col("protocol").is_in(_KEPT_ALIVE))
    return (*never, *_in_part(table.with_columns(asks.alias("asks")), end), *_no_more(late, end))


def _said(facts: Facts) -> "pl.DataFrame | None":
    """Return what was said to and by known services, a row a packet, with client, server, port and protocol."""
    pattern = rf"^.*(?:^|:)udp:(?:[\w.-]+:)*?({'|'.join(SERVICES)})(?::|$)"
    frames = facts.frames(FRAME, PROTOCOLS, _SIP, _NTP, _RPC)
    answers = (
        pl.col(_SIP.field).is_not_null() | pl.col(_NTP.field).is_in(_NTP_ANSWERS) | (pl.col(_RPC.field) == _RPC_REPLY)
    )
    layers = pl.col(PROTOCOLS.field)
    kinds = frames.select(layers).drop_nulls().unique().filter(~layers.str.contains(_QUOTED))
    kinds = kinds.with_columns(layers.str.extract(pattern).alias("protocol")).drop_nulls()
    if kinds.is_empty():
        return None
    known = frames.join(kinds, on=PROTOCOLS.field).select(
        pl.col(FRAME.field).alias("frame"), "protocol", answers.fill_null(value=False).alias("answers")
    )  # fmt: skip
    headers = facts[UDP.headers].join(known, on="frame", maintain_order="left")
    return headers.unique("frame", keep="last", maintain_order=True).sort("frame").with_columns(
        of_both_ends(pl.col("src").first()).alias("client"), of_both_ends(pl.col("dst").first()).alias("server"),
        of_both_ends(pl.col("dport").first()).alias("port"),
    ).filter(~of_both_ends(pl.col("answers").first()))  # fmt: skip


def _from_another_port(asked: "pl.DataFrame", headers: "pl.DataFrame") -> dict[tuple[str, str, str], tuple[int, ...]]:
    """Return the answers to TFTP requests, by client, server and protocol: none where the client goes on with any."""
    ports = asked.select(*_ASKED, pl.col("from").alias("own")).explode("own")
    answers = ports.join(headers, left_on=["server", "client", "own"], right_on=["src", "dst", "dport"])
    taken = answers.join(headers, how="semi", left_on=["client", "server", "sport"], right_on=["src", "dst", "dport"])
    of_each = answers.sort("frame").group_by(_ASKED, maintain_order=True).agg("frame")
    found = {(client, server, protocol): tuple(frames) for client, server, protocol, frames in of_each.iter_rows()}
    return {**found, **dict.fromkeys(taken.select(_ASKED).iter_rows(), ())}


def _in_part(table: "pl.DataFrame", end: int) -> tuple[Unanswered, ...]:
    """Return the SNMP agents that answer some ports of a client, and others not once though they ask again."""
    ports = table.filter((pl.col("protocol") == _SNMP) & pl.col("port").is_in(_PORTS[_SNMP])).group_by(
        *_PAIR, pl.when("asks").then("sport").otherwise("dport").alias("client_port"), maintain_order=True
    ).agg(
        pl.col("frame").filter(pl.col("asks")).alias("frames"), pl.col("time").min().alias("first"),
        (pl.col("time").max() - pl.col("time").min()).alias("lasted"), pl.col("length").n_unique().alias("sizes"),
        pl.col("frame").filter(~pl.col("asks")).min().alias("answer"),
    ).with_columns(pl.col("answer").min().over(_PAIR).alias("elsewhere"))  # fmt: skip
    silent = ports.filter(pl.col("answer").is_null() & pl.col("elsewhere").is_not_null()).filter(
        pl.col("frames").list.len() > 1
    )
    grouped = silent.group_by(_PAIR, maintain_order=True).agg(
        pl.col("frames").explode(), pl.col("first", "lasted", "sizes").max(), pl.col("elsewhere").first()
    )  # fmt: skip
    return tuple(
        Unanswered(
            row["client"], row["server"], row["port"], _SNMP, tuple(row["frames"]), row["sizes"], row["lasted"] / 1e9,
            (end - row["first"]) / 1e9, (), elsewhere=row["elsewhere"],
        )
        for row in grouped.iter_rows(named=True)
    )  # fmt: skip


def _no_more(table: "pl.DataFrame", end: int) -> tuple[Unanswered, ...]:
    """Return the tunnels that answered at first: both ends of one speak within some seconds, if only to say so."""
    last = pl.when(~pl.col("asks")).then("frame").max().over(_PAIR)
    late = table.with_columns(last.alias("answer")).filter(pl.col("asks") & (pl.col("frame") > pl.col("answer")))
    grouped = late.group_by(_PAIR, maintain_order=True).agg(
        "frame", pl.col("time").first().alias("first"), pl.col("time").last().alias("last"),
        pl.col("length").n_unique().alias("sizes"), pl.col("answer").first(),
    )  # fmt: skip
    return tuple(
        Unanswered(
            row["client"], row["server"], row["port"], row["protocol"], tuple(row["frame"]), row["sizes"],
            (row["last"] - row["first"]) / 1e9, (end - row["first"]) / 1e9, (), row["answer"],
        )
        for row in grouped.iter_rows(named=True)
    )  # fmt: skip


def _to_many(address: str) -> bool:
    """Return whether it is a group or a broadcast: nobody need answer."""
    first = address.partition(".")[0]
    return address.lower().startswith("ff") or address.endswith(".255") or (first.isdecimal() and int(first) >= 224)
