"""Traffic that the owner of a network may not expect: some of it does not belong there, some of it is in order.

Rules
* Ordinary traffic stands beside it, so that it has to be found.
* Programs that look for peers, neighbours or gateways on their own are told not to.
"""

from __future__ import annotations

import hashlib

from .. import servers
from ..clients import browse, curl, https
from ..network import Host, wait_until
from ..pki import leaf
from ..plan import ipv6
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .http import NOTHING_WRONG

# The port that BitTorrent clients take unless told otherwise, and that Wireshark knows.
PEER_PORT = 6881
TRACKER_PORT = 6969
SHARED_NAME, PIECE_BYTES = "holiday-film.mkv", 32_768
SHARED = b"The quick brown fox jumps over the lazy dog.\n" * 3334
# Basic GRE: IP protocol 47; its header and the packet's IP header around it cost 24 bytes (RFC 2784).
GRE_PROTOCOL, GRE_MTU, GRE_LINK = 47, 1476, "gre1"
FAILURES = (
    r"(?i)(lookup|resolution|request|connection|handshake)s? (has |have )?(failed|fails|timed out)",
    SAYS_REFUSED,
)


def office(lab: Lab, *sites: Site) -> None:
    """A name server, a web site and a TLS server whose certificate is in order."""
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port), Site(lab.plan.https_port, certificate), *sites)


def torrent(content: bytes, tracker: str) -> bytes:
    """The file that describes a shared one (BEP 3)."""
    pieces = b"".join(
        hashlib.sha1(content[start : start + PIECE_BYTES], usedforsecurity=False).digest()
        for start in range(0, len(content), PIECE_BYTES)
    )
    text = (
        f"d8:announce{len(tracker)}:{tracker}4:infod6:lengthi{len(content)}e4:name{len(SHARED_NAME)}:{SHARED_NAME}"
        f"12:piece lengthi{PIECE_BYTES}e6:pieces{len(pieces)}:"
    )
    return text.encode() + pieces + b"ee"


def seed(lab: Lab, tracker: str) -> str:
    """Start the peer that has the whole file; return the path of the torrent."""
    (lab.directory / SHARED_NAME).write_bytes(SHARED)
    described = lab.directory / f"{SHARED_NAME}.torrent"
    described.write_bytes(torrent(SHARED, tracker))
    whole = ("--seed-ratio=0", "--check-integrity=true", "--bt-exclude-tracker=*")
    lab.server.serve("aria2c", *peer_options(lab, ""), *whole, str(described), port=PEER_PORT)
    return str(described)


def peer_options(lab: Lab, folder: str) -> tuple[str, ...]:
    """What both peers are told: to seek nobody but whom the tracker names, and to send the file in clear.

    aria2 obfuscates its first bytes all the same, then both agree on plain text.
    """
    alone = ("dht=false", "dht6=false", "peer-exchange=false")
    return (
        "--no-conf", *(f"--enable-{way}" for way in alone), "--bt-enable-lpd=false", "--disable-ipv6",
        f"--listen-port={PEER_PORT}", "--bt-min-crypto-level=plain", f"--dir={lab.directory / folder}",
    )  # fmt: skip


@scenario(
    question="Why is our internet line so busy?",
    shows="$client fetches a file of 150 kB over BitTorrent from the peer $server, port 6881, which a tracker named; "
    "beside it are lookups, pages and a TLS connection, all in order.",
    findings=("unwanted_bittorrent",),
    decisive_filter="bittorrent",
    words=(r"(?i)bittorrent|torrent|peer[- ]to[- ]peer", r"$client|$server|6881"),
    answer_must_not=FAILURES,
)
def bittorrent_among_web(lab: Lab) -> None:
    address = lab.plan.server
    # A tracker that knows one peer: a bencoded dictionary that never changes (BEP 3).
    known = f"d8:intervali1800e5:peersld2:ip{len(address)}:{address}4:porti{PEER_PORT}eeee"
    announce = f"location = /announce {{ default_type text/plain; return 200 '{known}'; }}"
    office(lab, Site(TRACKER_PORT, directives=(announce,)))
    described = seed(lab, f"http://{lab.plan.file_name}:{TRACKER_PORT}/announce")
    browse(lab)
    https(lab)
    lab.client.run("aria2c", *peer_options(lab, "downloads"), "--seed-time=0", described)
    browse(lab)


@scenario(
    question="What is this traffic on port 111?",
    shows="$client asks the portmapper (rpcbind) of $server, over TCP and UDP, which RPC services run there and where; "
    "it lists only itself, and has no NFS; lookups, pages and a TLS connection beside it are in order.",
    findings=("service_error", "unwanted_portmapper"),
    decisive_filter="portmap || rpc",
    words=(r"(?i)portmap|rpcbind|port 111", r"$client|$server"),
    answer_must_not=FAILURES,
)
def portmapper_probe(lab: Lab) -> None:
    office(lab)
    # A /run of its own: the machine's own rpcbind holds the lock there.
    command = f"mount -t tmpfs tmpfs /run && exec rpcbind -f -h {lab.plan.server}"
    lab.server.serve("sh", "-c", command, port=111)
    browse(lab)
    https(lab)
    lab.client.run("rpcinfo", "-p", lab.plan.server)
    for transport, program, status in (("udp", "portmapper", 0), ("udp", "nfs", 1), ("tcp", "nfs", 1)):
        lab.client.run("rpcinfo", "-T", transport, lab.plan.server, program, accept=(status,))
    browse(lab)


@scenario(
    question="Is anything wrong with this IPv6 traffic?",
    shows="Names are looked up, pages are fetched and a TLS connection is opened and closed, all of it over IPv6.",
    healthy=True,
    decisive_filter="ipv6 && (http.response.code == 200 || tls.app_data)",
    words=NOTHING_WRONG,
    answer_must_not=FAILURES,
)
def ipv6_healthy(lab: Lab) -> None:
    plan = lab.plan
    lab.network.add_ipv6(plan)
    certificate = leaf(plan.secure_name, issuer=lab.authority)
    records = (f"--host-record={name},{ipv6(plan.server)}" for name in plan.names)
    servers.names(lab, f"--listen-address={ipv6(plan.gateway)}", *records)
    plain, secure = f"listen [::]:{plan.http_port};", f"listen [::]:{plan.https_port} ssl;"
    pages = {"index.html": 600, "news.html": 9000}
    web = Site(plan.http_port, directives=(plain,), pages=pages)
    servers.web(lab, web, Site(plan.https_port, certificate, directives=(secure,)))
    for name, page in ((plan.web_name, ""), (plan.web_name, "news.html"), (plan.file_name, "")):
        curl(lab, f"http://{name}:{plan.http_port}/{page}", "-6", "--fail")
    https(lab, "-6")


def gre(host: Host, own: str, remote: str) -> None:
    """One end of a GRE tunnel, which needs no module of the kernel.

    The 4 bytes that a tun device puts before a packet, flags (zero) and EtherType, are a basic GRE header.
    """
    host.start("socat", f"TUN:{own}/30,tun-name={GRE_LINK},up", f"IP4-SENDTO:{remote}:{GRE_PROTOCOL}")
    shown = ("ip", "-4", "-oneline", "address", "show", "up")
    wait_until(lambda: own.encode() in host.run(*shown), f"the tunnel to {remote}")
    host.run("ip", "link", "set", GRE_LINK, "mtu", str(GRE_MTU))


@scenario(
    question="Is there a fault in this traffic between the two sites?",
    shows="A page and a file of 60 kB are fetched by HTTP through a GRE tunnel between $client and $server; lookups "
    "and another page cross outside of it; everything is answered.",
    healthy=True,
    decisive_filter="gre && http.response.code == 200",
    words=NOTHING_WRONG,
    answer_must_not=FAILURES,
)
def tunnel_gre_healthy(lab: Lab) -> None:
    plan = lab.plan
    inner_client, inner_server = plan.tunnel
    gre(lab.client, inner_client, plan.server)
    gre(lab.server, inner_server, plan.client)
    site = f"branch-{plan.file_name}"
    servers.names(lab, f"--host-record={site},{inner_server}")
    servers.web(lab, Site(plan.http_port, pages={"index.html": 600, "report.html": 60_000}))
    browse(lab)
    for page in ("", "report.html"):
        curl(lab, f"http://{site}:{plan.http_port}/{page}", "--fail")
