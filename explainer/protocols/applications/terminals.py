"""Terminals: Telnet (RFC 854), rlogin (RFC 1282), rsh and rexec, SSH (RFC 4253), remote desktop (MS-RDPBCGR), VNC."""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications.errors import rdp_answer
from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import CONTENT, Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Sign
from explainer.protocols.tcp import Endpoint

_COMMANDS = re.compile(rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff[\xf0-\xff]", re.DOTALL)
_ASKS_USER = re.compile(r"(?:log-?in|user(?: ?name)?|account|log-?in name)\s*:\s*\Z", re.IGNORECASE)
_ASKS_PASSWORD = re.compile(r"(?:pass(?:word|code|phrase)|\bpin)\b[^\n]{0,40}:\s*\Z", re.IGNORECASE)
_REFUSED = re.compile(
    r"incorrect|denied|fail(?:ed|ure)|invalid|bad pass|wrong|not (?:correct|valid)|unauthori[sz]ed", re.IGNORECASE
)
_LET_IN = re.compile(r"last (?:failed )?login|failed login attempts?|welcome|[$#%>]\s*\Z", re.IGNORECASE)
_KEPT = 200
_FRAMES = 20
DESKTOP = "desktop"
"""The sign of a session of remote desktop that is asked for."""


def telnet(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that a terminal is open in clear, and the logins that can be read in it."""
    protocol = "rlogin" if "rlogin" in messages[0].layers else "Telnet"
    server = server_of(messages, (23, 513))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream = messages[0].stream
    yield Sign("terminal", protocol, stream, client, server, messages[0].frame)
    screen, typed, user = "", "", ""
    asked, frames, password_frames = "", list[int](), tuple[int, ...]()
    for message in messages:
        text = _COMMANDS.sub(b"", message.payload).replace(b"\0", b"").decode("utf-8", "replace")
        if not text:
            continue
        if message.source == server:
            screen = (screen + text)[-_KEPT:]
            if password_frames and (_REFUSED.search(text) or _LET_IN.search(text)):
                refused = None if _LET_IN.search(text) else _REFUSED.search(text)
                accepted = refused is None
                yield Login(
                    protocol, stream, client, server, user, "password", password_frames, accepted, message.frame
                )
                yield Reply(
                    protocol, Kind.LOGIN, stream, client, server, password_frames[-1], message.frame, "the login", user,
                    "refused" if refused else "", _line(text, refused), accepted,
                )  # fmt: skip
                password_frames = ()
            if _ASKS_PASSWORD.search(screen) or _ASKS_USER.search(screen):
                asked = "password" if _ASKS_PASSWORD.search(screen) else "user"
                frames = frames[:_FRAMES] if asked == "password" else []
                frames, typed, screen = [*frames, message.frame], "", ""
            continue
        if not asked:
            continue
        typed, frames = typed + text, [*frames, message.frame]
        if "\r" in text or "\n" in text:
            if asked == "user":
                user = _edited(typed)
            else:
                password_frames = _few(frames)
            asked, typed, screen = "", "", ""
    if password_frames:
        yield Login(protocol, stream, client, server, user, "password", password_frames)


def _line(text: str, found: re.Match[str] | None) -> str:
    """Return the line in which it was found."""
    line = next((line for line in text.splitlines() if _REFUSED.search(line)), "") if found else ""
    return line.strip()[:_KEPT]


def _few(frames: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(frames))[:_FRAMES]


def _edited(typed: str) -> str:
    """Return what was typed, without its end, and without what was taken back."""
    kept = list[str]()
    for character in typed.splitlines()[0] if typed.splitlines() else "":
        if character in "\b\x7f":
            del kept[-1:]
        else:
            kept.append(character)
    return "".join(kept).strip()[:_KEPT]


_RSH_USER, _REXEC_USER, _REXEC_PASSWORD = many("rsh.client_username"), many("exec.username"), many("exec.password")


def shell(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that commands are run in clear, and the user's name."""
    for message in messages:
        protocol, user = ("rsh", _RSH_USER) if "rsh" in message.layers else ("rexec", _REXEC_USER)
        if message.has(user):
            client, server = message.source, message.destination
            yield Sign("terminal", protocol, message.stream, client, server, message.frame)
            secret = "password" if message.has(_REXEC_PASSWORD) else ""
            yield Login(protocol, message.stream, client, server, message.first(user), secret, (message.frame,))


_VERSION, _MESSAGE = many("ssh.protocol"), many("ssh.message_code")
_REASON, _DESCRIPTION = many("ssh.disconnect_reason"), many("ssh.disconnect_description")
_OFFERS = {
    "key exchange method": many("ssh.kex_algorithms"),
    "type of host key": many("ssh.server_host_key_algorithms"),
    "cipher": many("ssh.encryption_algorithms_client_to_server"),
    "message authentication code": many("ssh.mac_algorithms_client_to_server"),
}
_DISCONNECT, _KEXINIT, _NEWKEYS = 1, 20, 21
_WITH_OWN_MAC = ("gcm@openssh.com", "poly1305@openssh.com")  # a cipher that needs no message authentication code


def ssh(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the key exchange ended, as far as it is in clear."""
    server = _ssh_server(messages)
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, offers = messages[0].stream, dict[bool, Message]()

    def reply(message: Message, code: str, text: str, *, ok: bool) -> Reply:
        asked = offers.get(True)
        return Reply(
            "SSH", Kind.SESSION, stream, client, server, asked.frame if asked else None, message.frame, "key exchange",
            "", code, text, ok,
        )  # fmt: skip

    for message in messages:
        codes = message.numbers(_MESSAGE)
        if message.first(_VERSION).startswith("SSH-"):
            side = "server" if message.source == server else "client"
            yield Sign(f"software-{side}", "SSH", stream, client, server, message.frame, message.first(_VERSION))
        if _KEXINIT in codes:
            offers[message.source != server] = message
            if len(offers) == len((True, False)):
                missing = _nothing_in_common(offers[True], offers[False])
                if missing:
                    yield reply(offers[False], "no common algorithm", missing, ok=False)
        if _DISCONNECT in codes and message.has(_REASON):
            yield reply(message, message.first(_REASON), message.first(_DESCRIPTION), ok=False)
        if _NEWKEYS in codes and message.source != server:
            yield Sign("ssh-encrypted", "SSH", stream, client, server, message.frame)
        if _NEWKEYS in codes and message.source == server:
            yield reply(message, "", "", ok=True)


def _ssh_server(messages: Sequence[Message]) -> Endpoint:
    return server_of(messages, (22,))


def _nothing_in_common(client: Message, server: Message) -> str:
    """Return of what the two sides have nothing in common, with what the server offers; nothing if all is well."""
    for what, column in _OFFERS.items():
        wanted, offered = client.first(column).split(","), server.first(column).split(",")
        if what == "message authentication code" and _own_mac(client, server):
            continue
        if client.has(column) and server.has(column) and not set(wanted) & set(offered):
            return f"{what}: the server offers {_some(offered)}; the client {_some(wanted)}"
    return ""


def _some(names: Sequence[str], shown: int = 4) -> str:
    return ", ".join(names[:shown]) + (", …" if len(names) > shown else "")


def _own_mac(client: Message, server: Message) -> bool:
    offered = server.first(_OFFERS["cipher"]).split(",")
    chosen = next((cipher for cipher in client.first(_OFFERS["cipher"]).split(",") if cipher in offered), "")
    return chosen.endswith(_WITH_OWN_MAC)


_COOKIE, _NEGOTIATION = many("rdp.rt_cookie"), many("rdp.neg_type")


def rdp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that remote desktop begins, with the name that the client gives (MS-RDPBCGR 2.2.1.1)."""
    server, asked = server_of(messages, (3389,)), None
    for message in messages:
        client = message.source if message.source != server else message.destination
        answer = rdp_answer(message, client, asked) if message.source == server else None
        if answer:
            yield answer
        if answer and not answer.ok:
            continue
        asked = message if message.source == client else asked
        cookie = message.first(_COOKIE).partition("mstshash=")[2].strip().removesuffix("\\r\\n")
        yield Sign(DESKTOP, "RDP", message.stream, client, server, message.frame, cookie)


TELNET = Dialect("telnet", "telnet", (CONTENT,), telnet)
RLOGIN = Dialect("rlogin", "rlogin", (CONTENT,), telnet)
RSH = Dialect("rsh", "rsh.client_username", (_RSH_USER,), shell)
REXEC = Dialect("exec", "exec.username", (_REXEC_USER, _REXEC_PASSWORD), shell)
SSH = Dialect(
    "ssh",
    "ssh.protocol || ssh.message_code in {1, 20, 21}",
    (_VERSION, _MESSAGE, _REASON, _DESCRIPTION, *_OFFERS.values()),
    ssh,
)
RDP = Dialect("rdp", "rdp.neg_type || rdp.rt_cookie", (_COOKIE, _NEGOTIATION, CONTENT), rdp)
