"""What a question about services asks for outright: names, web sites, TLS, encryption, programs, systems."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from explainer.brief.question import Question
from explainer.llm import spoken, tls_lookup
from explainer.llm.host_lookup import Talk, address, talks
from explainer.llm.rows import Row, frames, rows
from explainer.llm.talk_lookup import asks_for_secrets
from explainer.model import Analysis, Claim
from explainer.protocols.tcp import Endpoint
from explainer.wording import count, listing

_ROWS = 6


def name_servers(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield who asks which name server."""
    asked = defaultdict[str, list[Row]](list)
    for row in rows(analysis.stat("dns")):
        if row["query_frame"] is not None and not row["server"].startswith(("224.0.0.", "[ff02:")):
            asked[address(row["server"])].append(row)
    answering = [row for row in rows(analysis.stat("dns")) if row["query_frame"] is None and row["response_frame"]]
    if not asked and answering:
        servers = list(dict.fromkeys(address(row["server"]) for row in answering))
        text = (
            f"The name {'server' if len(servers) == 1 else 'servers'} {listing(servers[:_ROWS])}"
            f" {'answers' if len(servers) == 1 else 'answer'} {count(len(answering), 'question')};"
            " the questions themselves are not recorded"
        )
        yield Claim(text=f"{text}.", frames=tuple(row["response_frame"] for row in answering[:_ROWS]), sources=("dns",))
        return
    if not asked:
        yield Claim(text="No name server is asked in this capture, or only in encrypted DNS.", sources=("dns",))
        return
    words = [f"{server} ({count(len(found), 'question')})" for server, found in asked.items()]
    clients = list(dict.fromkeys(address(row["client"]) for found in asked.values() for row in found))
    text = (
        f"The name server asked is {words[0]}"
        if len(words) == 1
        else f"The name servers asked are {listing(words[:_ROWS])}"
    )
    firsts = tuple(found[0]["query_frame"] for found in asked.values())[:_ROWS]
    yield Claim(text=f"{text}, by {listing(clients[:_ROWS])}.", frames=firsts, sources=("dns",))


def addresses_of(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what a name was resolved to; of a bare address what it was called."""
    for row in rows(analysis.stat("dns")):
        name, answers = row["name"].rstrip(".").lower(), row.get("answers") or ""
        if answers and (name in question.names or question.addresses & set(answers.split(", "))):
            text = f"{row['name']} is {answers.replace(', ', ' and ')}, says {address(row['server'])} ({row['type']})"
            yield Claim(text=f"{text}.", frames=frames(row, "query_frame", "response_frame"), sources=("dns",))
            return
    for stat, column in (("http", "host"), ("tls", "server_name"), ("quic", "server_name")):
        for row in rows(analysis.stat(stat)):
            if (row[column] or "").partition(":")[0].lower() in question.names:
                first = frames(row, "request_frame" if stat == "http" else "client_hello_frame")
                yield Claim(text=f"{row[column]} is asked for at {row['server']}.", frames=first, sources=(stat,))
                return


def sites(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which web sites were asked for."""
    seen = dict[tuple[str, str, str], list[int]]()
    for row in rows(analysis.stat("http")):
        if row["host"] and row["request_frame"]:
            seen.setdefault((row["host"], address(row["server"]), "HTTP"), []).append(row["request_frame"])
    for stat, how in (("tls", "TLS"), ("quic", "QUIC")):
        for row in rows(analysis.stat(stat)):
            if row["server_name"] and row["client_hello_frame"]:
                seen.setdefault((row["server_name"], address(row["server"]), how), []).append(row["client_hello_frame"])
    unread = [row for row in rows(analysis.stat("spoken")) if row["protocols"].startswith("HTTP")]
    if not seen and unread:
        row = unread[0]
        text = f"HTTP is spoken by {row['client']} with {row['server']}; which site is asked for was not read here"
        yield Claim(text=f"{text}.", frames=frames(row, "first_frame"), sources=("spoken",))
        return
    if not seen:
        yield Claim(
            text="No web site is named in this capture: there is no HTTP in clear text, and no TLS with a name."
        )
        return
    words = [f"{host} ({count(len(at), 'time')} by {how}, at {server})" for (host, server, how), at in seen.items()]
    more = [f"{len(words) - _ROWS} more"] if len(words) > _ROWS else []
    firsts = tuple(at[0] for at in list(seen.values())[:_ROWS])
    yield Claim(
        text=f"Asked for are {listing([*words[:_ROWS], *more])}.", frames=firsts, sources=("http", "tls", "quic")
    )
    yield from tls_lookup.encrypted_hellos(analysis)


_ASKS_FOR_SECRECY = re.compile(
    r"(?<!un)(?<!not )(?<!non-)(?<!without )(?:encrypt|protect)|(?<!in)(?<!not )secure|private|(?<!un)safe",
    re.IGNORECASE,
)
_ANYTHING_CLEAR = re.compile(
    r"\b(?:any\w*|some\w*)\b.*\b(?:un-?encrypted|not encrypted|clear|unprotected|insecure)", re.I
)


def encrypted(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which of the conversations are encrypted, and which can be read by anybody on the way."""
    known = talks(analysis)
    talked = [t for t in known if {t.client, t.server} & question.addresses or t.port in question.ports] or known
    turned = [talk for talk in talked if talk.turns_to_tls]
    hidden = [talk for talk in talked if talk.spoken in spoken.ENCRYPTED]
    told = {row["server"]: row["protocol"] for row in rows(analysis.stat("answers"))}
    unknown = [t for t in talked if t.spoken in spoken.NOTHING_KNOWN and _end(t) not in told]
    own = [talk for talk in talked if talk.spoken in spoken.OWN_WAYS and talk not in turned]
    clear = [talk for talk in talked if talk not in (*hidden, *turned, *own, *unknown)]
    if not talked:
        return
    kinds = (bool(hidden), bool(clear), bool(turned))
    verdict = "Partly"
    if sum(kinds) == 1 and not turned:
        verdict = "Yes" if bool(hidden) is bool(_ASKS_FOR_SECRECY.search(question.text)) else "No"
    elif turned and not clear and _ASKS_FOR_SECRECY.search(question.text):
        verdict = "Yes, once TLS has begun"
    elif clear and _ANYTHING_CLEAR.search(question.text):
        verdict = "Yes"
    verdict = verdict if any(kinds) else "This capture cannot tell"
    parts = [
        _kinds(hidden, told, "encrypted"),
        _kinds(turned, told, "in clear text at first and encrypted (TLS) from then on"),
        _kinds(clear, told, "in clear text, which anybody on the way can read"),
        _kinds(own, told, "protected in a way of its own, which is not judged here"),
        _kinds(unknown, told, "not recognised, so that nobody can tell here"),
    ]
    text = "; ".join(filter(None, parts))
    # A conversation that can be read need not hold the password that is asked about: talk_lookup answers that.
    verdict = "" if asks_for_secrets(question) else f"{verdict}: "
    yield Claim(
        text=f"{verdict}{text}.",
        frames=tuple(talk.frame for talk in (*hidden[:3], *turned[:3], *clear[:3]) if talk.frame), sources=("ports",),
    )  # fmt: skip


def _end(talk: Talk) -> str:
    return str(Endpoint(talk.server, talk.port))


def _kinds(found: Sequence[Talk], told: Mapping[str, str], how: str) -> str:
    kinds = dict[str, None]()
    for talk in found:
        known = "" if talk.spoken in spoken.NOTHING_KNOWN else spoken.name(talk.spoken)
        what = known or told.get(_end(talk)) or f"{talk.transport} port {talk.port}"
        kinds[f"{what} with {talk.server}"] = None
    names = list(kinds)
    more = [f"{len(names) - _ROWS} more"] if len(names) > _ROWS else []
    return f"{listing([*names[:_ROWS], *more])} {'is' if len(names) == 1 else 'are'} {how}" if names else ""


def smb_versions(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which version of SMB each server agreed on with whom, the last where there are several."""
    agreed = dict[tuple[str, str, str], Row]()
    for row in rows(analysis.stat("answers")):
        if row["protocol"] == "SMB" and row["request"] == "negotiate" and row["ok"] and row["about"]:
            agreed[address(row["client"]), row["server"], row["client"]] = row
    told = dict[str, tuple[int, ...]]()
    for (client, server, _), row in agreed.items():
        text = f"{client} and {server} agree on {row['about']}"
        told[text] = told.get(text, ()) + frames(row, "request_frame", "frame")
    for text, at in list(told.items())[:_ROWS]:
        yield Claim(text=f"{text}.", frames=at, sources=("answers",))


def software(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what programs say of themselves."""
    known = rows(analysis.stat("software"))
    words = set(re.findall(r"\w+", question.text.lower()))
    known = [row for row in known if row["protocol"].lower() in words] or known
    named = [row for row in known if row["address"] in question.addresses]
    servers = "server" in question.text.lower() and not question.addresses
    told = [row for row in named or known if row["side"] == "server" or not servers]
    for row in sorted(told, key=lambda row: (row["side"] == "server") is not servers)[:_ROWS]:
        text = f"The {row['side']} {row['address']} says that it is {row['name']} ({row['protocol']})"
        yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("software",))
    if not told and not any(finding.rule.startswith("unwanted_") for finding in analysis.findings):
        text = "This capture cannot tell: no program in it says what it is (User-Agent, Server, SSH's version)"
        yield Claim(text=f"{text}.", sources=("software",))


_LINUX, _WINDOWS = 64, 128


def system(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield hints at operating systems: packets do not say it, programs and the time to live hint at it."""
    known = rows(analysis.stat("hosts"))
    told = [row for row in known if row["address"] in question.addresses] or list(known)
    yield Claim(text="The packets do not say for certain which operating system runs; there are only hints.")
    for row in rows(analysis.stat("software"))[:_ROWS]:
        if row["address"] in {known["address"] for known in told}:
            text = f"{row['address']} says in {row['protocol']} that it is {row['name']}"
            yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("software",))
    for row in told[:_ROWS]:
        if row["ttl"]:
            like = ("Linux, macOS, Android and most devices" if row["ttl"] <= _LINUX else "Windows"
                    if row["ttl"] <= _WINDOWS else "routers and some Unix systems")  # fmt: skip
            text = f"{row['address']}: its packets arrive with a time to live of {row['ttl']}, as those of {like} do"
            yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("hosts",))
