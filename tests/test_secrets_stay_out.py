"""Passwords, cookies and payload are in no analysis, ladder or list of packets, whatever it is asked about."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.scenarios.applications import PASSWORD, USER, WRONG
from sessions import FactsOf, Said, asks, says, session

from explainer import closeup
from explainer.model import Analysis
from explainer.protocols.frame_index import INDEX_NEEDS, frame_index

SECRETS = (
    "hunter2", "s3cr3t-cookie", PASSWORD, WRONG,
    *(b64encode(text.encode()).decode().rstrip("=") for text in (
        "alice:hunter2-basic", f"{USER}:{PASSWORD}", f"\0{USER}\0{PASSWORD}", f"\0{USER}\0{WRONG}", PASSWORD, WRONG,
    )),
)  # fmt: skip


@pytest.mark.parametrize(
    "name", ["http_secrets_healthy", "http_sign_in_healthy", "imap_password_in_clear", "ldap_wrong_password"]
)
def test_no_secret_enters_the_analysis(name: str, analysis_of: Callable[[str], Analysis], captures: Path) -> None:
    recorded = (captures / f"{name}.pcapng").read_bytes()
    assert [secret for secret in SECRETS if secret.encode() in recorded], "there would be nothing to look for"
    text = analysis_of(name).model_dump_json()
    assert [secret for secret in SECRETS if secret in text] == []


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


LOGINS: dict[str, tuple[int, list[Said]]] = {
    "SMTP in steps": (25, [asks("AUTH LOGIN"), asks(base64("anna")), says("334 UGFzc3dvcmQ6"), asks(base64(PASSWORD))]),
    "SMTP at once": (25, [asks(f"AUTH PLAIN {base64(f'{chr(0)}{USER}{chr(0)}{PASSWORD}')}")]),
    "SMTP after the mechanism": (25, [asks("AUTH PLAIN"), says("334 "), asks(base64(f"\0{USER}\0{PASSWORD}"))]),
    "IMAP": (143, [asks(f"a1 LOGIN {USER} {PASSWORD}"), says("a1 NO"), asks(f'a2 login "{USER}" "{PASSWORD}"')]),
    "IMAP by SASL": (143, [asks("a1 AUTHENTICATE PLAIN"), says("+ "), asks(base64(f"\0{USER}\0{PASSWORD}"))]),
    "POP3": (110, [asks(f"PASS {PASSWORD}"), says("-ERR"), asks(f"APOP {USER} {PASSWORD}")]),
    "FTP": (21, [asks(f"USER {USER}"), says("331 go on"), asks(f"pass {PASSWORD}")]),
    "Redis": (6379, [(True, f"*2\r\n$4\r\nAUTH\r\n${len(PASSWORD)}\r\n{PASSWORD}\r\n".encode())]),
}


@pytest.mark.parametrize("kind", LOGINS)
def test_no_secret_of_a_login_enters_the_list_of_packets(kind: str, tmp_path: Path, facts_of: FactsOf) -> None:
    port, said = LOGINS[kind]
    capture = session(tmp_path / "login.pcap", port, *said)
    index = facts_of(capture, *INDEX_NEEDS)[frame_index]
    ladder = closeup.ladder(capture, "tcp", 0)
    shown = [sight.info for sight in index.of_stream("tcp:0", 99)]
    assert len(shown) == ladder.info.frames
    assert "[secret]" in ladder.model_dump_json()
    for text in (*shown, ladder.model_dump_json()):
        assert [secret for secret in SECRETS if secret in text] == []
