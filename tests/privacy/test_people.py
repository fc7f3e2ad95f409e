"""Users, shares, files, topics and quoted words: what application protocols name does not leave this machine."""

import re
from collections.abc import Callable

import pytest

from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.model import Analysis, Cell
from explainer.privacy.kinds import Kind
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.privacy.people import named
from explainer.privacy.values import pseudonymised

AnalysisOf = Callable[[str], Analysis]


def answer(kind: str, about: str = "", text: str = "") -> dict[str, Cell]:
    return {"protocol": "", "kind": kind, "about": about, "text": text}


def greeting(protocol: str, text: str) -> dict[str, Cell]:
    return answer("session", text=text) | {"protocol": protocol}


@pytest.mark.parametrize(
    ("statistic", "row", "expected"),
    [
        ("accounts", {"user": "anna"}, [(Kind.USER, "anna")]),
        ("accounts", {"user": "WORK\\jdoe"}, [(Kind.USER, "WORK"), (Kind.USER, "jdoe")]),
        ("accounts", {"user": "berta (kadmin/changepw)"}, [(Kind.USER, "berta")]),
        ("accounts", {"user": "sip:jdoe@10.0.0.1"}, [(Kind.USER, "jdoe")]),
        ("accounts", {"user": "cn=anna,dc=example"}, [(Kind.CERTIFICATE, "cn=anna,dc=example")]),
        ("accounts", {"user": "jdoe@mail.example"}, [(Kind.USER, "jdoe")]),
        ("accounts", {"user": "root"}, []),
        ("accounts", {"user": "4711"}, []),
        ("accounts", {"user": "j"}, []),
        ("accounts", {"user": ""}, []),
        ("accounts", {"user": None}, []),
        ("answers", answer("file", "\\\\10.0.0.1\\plans"), [(Kind.USER, "plans")]),
        ("answers", answer("query", "plans"), []),
        ("answers", answer("login", text='no role "jdoe" in \'vault\''), [(Kind.NAME, "jdoe"), (Kind.NAME, "vault")]),
        ("topics", {"topic": "hall/heat", "client_id": ""}, [(Kind.NAME, "hall/heat")]),
        ("directory_searches", {"base": "dc=acme", "wanted": "uid=jdoe and sn=1"},
         [(Kind.CERTIFICATE, "dc=acme"), (Kind.USER, "jdoe")]),
        ("files", {"name": "plan.txt"}, [(Kind.FILE, "plan.txt")]),
        ("ports", {"port": 80}, []),
        ("dns", {"answers": "laptop-7, 10.0.0.1, x.example"}, [(Kind.HOST, "laptop-7")]),
        ("answers", greeting("SMTP", "alpha ESMTP Postfix"), [(Kind.HOST, "alpha")]),
        ("answers", greeting("SMTP", "mail01 Hello beta [10.0.0.1], pleased to meet you"),
         [(Kind.HOST, "mail01"), (Kind.HOST, "mail01"), (Kind.HOST, "beta")]),
        ("answers", greeting("FTP", "ftp.acme FTP server (Version 6.4) ready."), [(Kind.HOST, "ftp.acme")]),
        ("answers", greeting("IMAP", "[CAPABILITY IMAP4rev1 utf8] ready"), []),
        ("answers", greeting("SSH", "diffie-hellman-group14"), []),
        ("answers", greeting("IRC", "Welcome jdoe!jd@10.0.0.1"), [(Kind.NAME, "jdoe")]),
    ],
)  # fmt: skip
def test_what_a_row_names(statistic: str, row: dict[str, Cell], expected: list[tuple[Kind, str]]) -> None:
    assert [(found.kind, found.text) for found in named(statistic, row)] == expected


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("postgres_wrong_password", "anna"),
        ("postgres_database_missing", "anna|shopp"),
        ("ftp_login_refused", "anna"),
        ("ldap_wrong_password", "anna"),
        ("ldap_nobody_found", "berta"),
        ("kerberos_unknown_user", "ana"),
        ("smb_share_missing", "anna|planes"),
        ("imap_login_healthy", "anna"),
        ("radius_rejected", "anna"),
        ("mqtt_session_healthy", "sensor-7|hall"),
        ("sip_wrong_password", "sip:4711"),
        ("http_sign_in_healthy", "alice"),
    ],
)
def test_no_user_is_named_in_what_is_sent(name: str, told: str, analysis_of: AnalysisOf) -> None:
    known = analysis_of(name)
    mapping = Mapping.of(known)
    whole = mapping.pseudonymise(build(known, "Who logged in?", budget=100_000, counter=ESTIMATE).text)
    record = pseudonymised(known, mapping).model_dump_json()
    words = re.compile(rf"\b(?:{told})\b", re.IGNORECASE)
    assert words.search(known.model_dump_json()), "the capture names nobody"
    assert not words.search(whole)
    assert not words.search(record)
    assert leaks(whole.encode(), mapping) == ()


def test_who_is_called_like_a_protocol_is_not_told_by_it(analysis_of: AnalysisOf) -> None:
    known = analysis_of("ftp_login_refused")
    accounts = known.stat("accounts")
    assert accounts is not None
    renamed = accounts.model_copy(
        update={"rows": tuple(tuple("ftp" if c == "anna" else c for c in row) for row in accounts.rows)}
    )
    stats = tuple(renamed if stat.id == "accounts" else stat for stat in known.stats)
    mapping = Mapping.of(known.model_copy(update={"stats": stats}))
    assert "the FTP server" in mapping.pseudonymise("the FTP server refuses it")
    assert leaks(b"the FTP server refuses it", mapping) == ()


def test_a_name_is_found_in_any_case_and_comes_back(analysis_of: AnalysisOf) -> None:
    mapping = Mapping.of(analysis_of("ftp_login_refused"))
    sent = mapping.pseudonymise("ANNA and anna")
    assert "anna" not in sent.lower()
    assert mapping.restore(sent).lower() == "anna and anna"


def test_numbers_to_dial_and_addresses_behind_a_user_are_replaced() -> None:
    mapping = Mapping(b"k")
    sent = mapping.pseudonymise("tel:+49301234567 and sip:jdoe@10.20.2.20")
    assert not re.search(r"30123|jdoe|10\.20\.2\.20", sent)
    assert re.search(r"@\d+\.\d+\.\d+\.\d+$", sent)
    assert mapping.restore(sent) == "tel:+49301234567 and sip:jdoe@10.20.2.20"
