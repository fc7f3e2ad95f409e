"""Sign-ins to web servers: whose they are, and what the answer tells."""

from pathlib import Path

import pytest
from messages import get, response
from sessions import FactsOf, session

from explainer.protocols.sign_ins import SignIn, sign_ins

TYPED = "username=anna&password=secret"
FORM = ("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(TYPED)}")
DIGEST = 'Authorization: Digest realm="x", username="anna", uri="/", response="0"'


def signed(folder: Path, facts_of: FactsOf, request: bytes, answer: bytes) -> tuple[SignIn, ...]:
    found = facts_of(session(folder / "c.pcap", 80, (True, request), (False, answer)), sign_ins)[sign_ins]
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(
    ("header", "scheme", "user"),
    [
        ("Authorization: Basic YmVydDpzZWNyZXQ=", "basic", "bert"),
        (DIGEST, "digest", "anna"),
        ("Authorization: Bearer abc", "bearer", ""),
        ("Authorization: Basic ####", "basic", ""),
    ],
)
@pytest.mark.parametrize(("status", "accepted"), [(200, True), (302, True), (401, False), (404, None), (503, None)])
def test_credentials_in_a_header(
    header: str, scheme: str, user: str, status: int, accepted: bool | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    (found,) = signed(tmp_path, facts_of, get("/", header), response(status))
    assert (found.scheme, found.user, found.accepted) == (scheme, user, accepted)


@pytest.mark.parametrize(("token", "accepted"), [(" TlRMTVNTUAAC", None), ("", False)])
def test_a_step_of_ntlm_is_not_its_end(token: str, accepted: bool | None, tmp_path: Path, facts_of: FactsOf) -> None:
    asked = get("/", "Authorization: NTLM TlRMTVNTUAAB")
    (found,) = signed(tmp_path, facts_of, asked, response(401, "", f"WWW-Authenticate: NTLM{token}"))
    assert (found.scheme, found.accepted) == ("ntlm", accepted)


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (response(302, "", "Location: /home"), True),
        (response(302, "", "Location: /enter?failed=1"), False),
        (response(303, "", "Location: http://www.example/login"), False),
        (response(302, "", "Location: /errors/17"), False),
        (response(200, "Welcome", "Content-Type: text/html"), None),
        (response(200, "Wrong user name or password", "Content-Type: text/html"), False),
        (response(403), False),
        (response(500), None),
    ],
)
def test_forms(answer: bytes, accepted: bool | None, tmp_path: Path, facts_of: FactsOf) -> None:
    request = get("/enter", *FORM, method="POST") + TYPED.encode()
    (found,) = signed(tmp_path, facts_of, request, answer)
    assert (found.scheme, found.user, found.accepted) == ("form", "anna", accepted)


@pytest.mark.parametrize(
    ("path", "answer", "accepted"),
    [
        ("/api/login", response(200, '{"token": "x"}', "Content-Type: application/json"), True),
        ("/api/login", response(200, '{"error": "invalid credentials"}', "Content-Type: application/json"), False),
        ("/oauth/token", response(401), False),
        ("/sessions", response(200, "<html>", "Content-Type: text/html"), None),
    ],
)
def test_pages_for_signing_in(
    path: str, answer: bytes, accepted: bool | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    (found,) = signed(tmp_path, facts_of, get(path, "Content-Length: 2", method="POST") + b"{}", answer)
    assert (found.scheme, found.user, found.accepted) == ("", "", accepted)


@pytest.mark.parametrize("path", ["/orders", "/login-help/faq", "/authors"])
def test_other_pages_are_none(path: str, tmp_path: Path, facts_of: FactsOf) -> None:
    assert signed(tmp_path, facts_of, get(path, "Content-Length: 2", method="POST") + b"{}", response(200)) == ()
