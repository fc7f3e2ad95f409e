"""What a question about TLS asks for outright: what was agreed on, and which steps a handshake took."""

import re
from collections.abc import Callable, Iterator

from explainer.brief.question import Question
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import in_sentence, listing

_ROWS = 5
NOTHING_AGREED = "no version agreed on"
VALID = "is valid from"
_TLS13 = "TLS 1.3"
_HIDDEN = "This capture cannot tell"
_PRESENTS = re.compile(r"present|show|send|sent", re.IGNORECASE)
_HTTP_VERSION = re.compile(r"\bhttp/?([23])\b", re.IGNORECASE)
_KEYLOG = "(with the TLS secrets, --keylog, it can be read)"


def details(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what each TLS connection agreed on."""
    known = [*rows(analysis.stat("tls")), *rows(analysis.stat("quic"))]
    named = [row for row in known if _is_named(row, question)]
    told = dict[str, tuple[int, ...]]()
    for row in sorted(named or known, key=lambda row: row.get("server_hello_frame", 0) is None):  # what agreed first
        text = _agreed(row)
        told[text] = told.get(text, ()) + frames(row, "client_hello_frame")
        if row.get("server_hello_frame"):
            told[text] += (row["server_hello_frame"],)
    for text, at in list(told.items())[:_ROWS]:
        yield Claim(text=text, frames=at, sources=("tls", "quic"))
    yield from encrypted_hellos(analysis)


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def _agreed(row: Row) -> str:
    where = f"{address(row['client'])} and {row['server']}"
    name = f"the server name (SNI) {row['server_name']}" if row["server_name"] else "no server name (SNI)"
    if "versions" in row:
        return f"QUIC between {where}, with {name}: version {row['versions'] or 'unknown'}, {row['outcome']}."
    chosen = [row["version"] or NOTHING_AGREED, row["cipher_suite"] and f"cipher suite {row['cipher_suite']}",
              row.get("resumed") and "an earlier session resumed",
              row["group"] and f"key exchange {row['group']}", row["alpn"] and f"ALPN {row['alpn']}",
              row["certificate"] and f"certificate {row['certificate']}",
              row["certificate_expiry"] and f"valid until {str(row['certificate_expiry'])[:10]}"]  # fmt: skip
    return f"TLS between {where}, with {name}: {', '.join(filter(None, chosen))}; {row['outcome']}."


def encrypted_hellos(analysis: Analysis) -> Iterator[Claim]:
    """Yield that names in clear may be fronts: what is encrypted beside them is another name, or means nothing."""
    hidden = [row for row in rows(analysis.stat("tls")) if row.get("ech") and row["client_hello_frame"]]
    if hidden:
        names = listing(list(dict.fromkeys(row["server_name"] or "(no name)" for row in hidden))[:_ROWS])
        text = (
            f"An encrypted client hello (ECH) goes with the name {names}: the site may be another one, whose name only"
        )
        text += " the server can read; browsers also send one that means nothing (GREASE)"
        at = tuple(row["client_hello_frame"] for row in hidden[:_ROWS])
        yield Claim(text=f"{text}.", frames=at, sources=("tls",))


def steps(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield, connection by connection, whether a handshake took the step that the question asks about."""
    wanted = [told for words, told in _STEPS if words.search(question.text)][:1]
    found = [claim for told in wanted for row in _concerned(analysis, question) if (claim := told(row, question))]
    yield from sorted(found, key=lambda claim: not claim.text.startswith("Yes"))[:_ROWS]


_UNREACHED = ("quic_unanswered", "path_udp_unreachable", "quic_version")


def http_versions(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield whether HTTP/2 or HTTP/3 is spoken, for a question that names one of them (ALPN: RFC 7301)."""
    named = _HTTP_VERSION.search(question.text)
    if named is None:
        return
    version, identifier = f"HTTP/{named[1]}", f"h{named[1]}"
    layers = {row["protocol"]: row for row in rows(analysis.stat("protocol_hierarchy"))}
    agreed = [row for row in rows(analysis.stat("tls")) if row["alpn"] == identifier]
    offered = [row for row in rows(analysis.stat("tls")) if identifier in (row["alpn_offered"] or "").split(", ")]
    if f"http{named[1]}" in layers or agreed:
        known = [f"{row['client']} and {row['server']} agree on it (ALPN)" for row in agreed[:1]]
        at = tuple(row["server_hello_frame"] for row in agreed[:_ROWS])
        text = f"Yes: {version} is spoken{f': {known[0]}' if known else ''}"
        yield Claim(text=f"{text}.", frames=at, sources=("tls", "protocol_hierarchy"))
    elif hidden := [row for row in offered if row["version"] == _TLS13 and row["alpn"] is None]:
        row = hidden[0]
        text = f"Most likely {version} is spoken: {row['client']} offers it to {row['server']} (ALPN {identifier})"
        yield _claim(row, f"{text}; what the server chose is encrypted", "client_hello_frame")
    elif offered and offered[0]["server_hello_frame"] is None:
        row = offered[0]
        text = f"No: {row['client']} offers {version} to {row['server']} (ALPN), and no ServerHello answers it"
        why = [f for f in analysis.findings if f.rule in _UNREACHED and address(row["server"]) in f.scope.addresses]
        if why:
            at = (*frames(row, "client_hello_frame"), *why[0].evidence.frames[-1:])
            yield Claim(text=f"{text}: {in_sentence(why[0].title)}", frames=at, sources=("tls", why[0].id))
        else:
            yield _claim(row, text, "client_hello_frame")
    elif offered:
        row = offered[0]
        chosen = f"it chose {row['alpn']}" if row["alpn"] else "it chose none"
        text = f"No: {row['client']} offers {version} to {row['server']}, but the server did not choose it ({chosen})"
        yield _claim(row, text, "client_hello_frame", "server_hello_frame")
    else:
        yield Claim(text=f"No {version} was seen: no client offers it in TLS or QUIC.", sources=("tls",))


def _concerned(analysis: Analysis, question: Question) -> list[Row]:
    every = [row for row in rows(analysis.stat("tls")) if row["client_hello_frame"] or row["server_hello_frame"]]
    named = [row for row in every if _is_named(row, question)]
    return named or every


def _is_named(row: Row, question: Question) -> bool:
    ends = {address(row["client"]), address(row["server"])}
    names = row["server_name"] in question.names
    return bool(ends & question.addresses) or names or _port(row["server"]) in question.ports


def _claim(row: Row, text: str, *at: str) -> Claim:
    known = frames(row, *at) or frames(row, "client_hello_frame", "server_hello_frame")
    return Claim(text=f"{text}; {row['outcome']}.", frames=known, sources=("tls",))


def _client_certificate(row: Row, question: Question) -> Claim | None:
    """Tell whether the server asks for a client's certificate (RFC 8446, section 4.3.2), and what it is shown."""
    asked, shown = row["certificate_request_frame"], row["client_certificate"]
    if asked is not None:
        presented = {None: "", "": ", and it presents no certificate"}.get(shown, f", and it presents {shown}")
        well = shown != "" or not _PRESENTS.search(question.text)
        text = f"{'Yes' if well else 'No'}: {row['server']} asks {row['client']} for a client certificate{presented}"
        return _claim(row, text, "certificate_request_frame", "client_certificate_frame")
    if row["resumed"]:
        return _claim(row, f"No certificates were exchanged by {row['client']} and {row['server']}: they go on with"
                      " an earlier session")  # fmt: skip
    if row["version"] in (_TLS13, None) and not row["certificate"]:
        text = f"{_HIDDEN} whether {row['server']} asks {row['client']} for a client certificate"
        why = f"TLS 1.3 encrypts that part of the handshake {_KEYLOG}" if row["version"] else "no handshake got so far"
        return _claim(row, f"{text}: {why}")
    return _claim(row, f"No: {row['server']} does not ask {row['client']} for a client certificate")


def _retry(row: Row, _: Question) -> Claim | None:
    if row["hello_retry_frame"] is None:
        return None
    text = (
        f"{row['server']} answers the first ClientHello of {row['client']} with a HelloRetryRequest: it wants a key"
        " share of another group, so the client sends a second ClientHello. That is no fault, and costs one round trip"
    )
    return _claim(row, text, "client_hello_frame", "hello_retry_frame", "server_hello_frame")


def _resumed(row: Row, _: Question) -> Claim | None:
    between = f"of {row['client']} with {row['server']}"
    if row["resumed"]:
        return _claim(row, f"Yes: the TLS connection {between} resumes an earlier session")
    if row["server_hello_frame"] is None:
        return None
    return _claim(row, f"No: the TLS connection {between} resumes no earlier session; it is a full handshake")


def _early_data(row: Row, _: Question) -> Claim | None:
    if row["early_data"]:
        text = f"Yes: {row['client']} announces early data (0-RTT) to {row['server']}"
        return _claim(row, f"{text}; whether the server took it is encrypted", "client_hello_frame")
    return _claim(row, f"No: {row['client']} announces no early data (0-RTT) to {row['server']}", "client_hello_frame")


def _secrecy(row: Row, _: Question) -> Claim | None:
    """Tell whether the keys are ephemeral: (EC)DHE, which is TLS 1.3's way unless a pre-shared key is used alone."""
    suite = row["cipher_suite"]
    if suite is None:
        return None
    ephemeral = bool(row["group"]) if row["version"] == _TLS13 else "DHE_" in suite
    where, how = f"{row['client']} and {row['server']}", f"{row['version']}, {suite}"
    how += f", key exchange {row['group']}" if row["group"] else ""
    if ephemeral:
        return _claim(row, f"Yes: {where} have forward secrecy, since their keys are ephemeral ({how})")
    return _claim(row, f"No: {where} have no forward secrecy ({how}): who gets the long-lived key can decrypt this")


def _validity(row: Row, _: Question) -> Claim | None:
    if row["certificate"] is None:
        return _unseen(row)
    start, end = (str(row[name])[:10] for name in ("certificate_start", "certificate_expiry"))
    text = f"The certificate of {row['server']}, {row['certificate']}, {VALID} {start} until {end}"
    return _claim(row, text, "certificate_frame")


def _issuer(row: Row, _: Question) -> Claim | None:
    if row["certificate"] is None:
        return _unseen(row)
    text = f"The certificate of {row['server']}, {row['certificate']}, was issued by {row['certificate_issuer']}"
    return _claim(row, text, "certificate_frame")


def _visible(row: Row, _: Question) -> Claim | None:
    if row["certificate"] is None:
        return _unseen(row)
    return _claim(row, f"The certificate of {row['server']} can be read: {row['certificate']}", "certificate_frame")


def _unseen(row: Row) -> Claim | None:
    if row["resumed"]:
        return _claim(row, f"{row['server']} sends no certificate to {row['client']}: an earlier session is resumed")
    if row["version"] == _TLS13:
        return _claim(row, f"{_HIDDEN} the certificate of {row['server']}: TLS 1.3 encrypts it {_KEYLOG}")
    return None


_STEPS: tuple[tuple[re.Pattern[str], Callable[[Row, Question], Claim | None]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), told)
    for words, told in (
        (r"client.?(?:side )?(?:certificate|cert\b|auth)|mutual|\bmtls\b|two.way (?:tls|ssl)"
         r"|client\b.{0,25}\b(?:present|show|send)\w* (?:a|its|any|the) cert", _client_certificate),
        (r"hello.?retry|(?:two|second|2) client.?hellos?|client.?hello (?:twice|again)", _retry),
        (r"\b0.?rtt\b|early data", _early_data),
        (r"\bresum\w+|full (?:tls )?handshake", _resumed),
        (r"forward secrecy|\bpfs\b|ephemeral", _secrecy),
        (r"\b(?:how long|until|when|from)\b.{0,40}\b(?:valid|expir\w+|run out)|\bvalidity\b"
         r"|\bcert(?:ificate)?s?\b.{0,20}\bvalid\b|\bexpir(?:y|ation)\b",
         _validity),
        (r"\bissue[rd]\b|\bwho signed\b|\bwhich (?:ca|authority)\b|\bsigned by\b", _issuer),
        (r"\bsee\b.{0,20}\bcert|certificates?\b.{0,20}\b(?:visible|readable)", _visible),
    )
)  # fmt: skip
