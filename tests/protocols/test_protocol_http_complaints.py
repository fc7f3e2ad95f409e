"""What short texts complain about: in known words alone, and not where a text only speaks of the possibility."""

import pytest

from explainer.protocols.http_complaints import (
    LONGEST_TEXT,
    complaint,
    complaint_of_json,
    complaint_of_text,
    complaint_of_xml,
    text_of_labels,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INVALIDKEY|Password or key and/or id are incorrect\\n", "Password or key and/or id are incorrect"),
        ("Invalid username or password", "Invalid username or password"),
        ("invalid_credentials", "invalid credentials"),
        ("<h1>Access denied</h1>", "Access denied"),
        ("Login failed for alice", "Login failed"),
        ("The API key provided is invalid", "API key provided is invalid"),
        ("token expired", "token expired"),
        ("unauthorized", "unauthorized"),
        ("<center>No required SSL certificate was sent</center>", "No required SSL certificate was sent"),
        ("400 The plain HTTP request was sent to HTTPS port", "plain HTTP request was sent to HTTPS port"),
        (
            "You're speaking plain HTTP to an SSL-enabled server port.",
            "speaking plain HTTP to an SSL-enabled server port",
        ),
        ("Client sent an HTTP request to an HTTPS server.", "Client sent an HTTP request to an HTTPS server"),
    ],
)
def test_complaints(text: str, expected: str) -> None:
    assert complaint(["", text]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "OK", "If your password is incorrect, click here", "no invalid password", "Enter your password", "id 7",
        "<p>Forgot your password? Invalid or not</p>", "0 invalid keys", "keyboard failed", "the idea is wrong",
    ],
)  # fmt: skip
def test_no_complaints(text: str) -> None:
    assert complaint([text]) == ""


@pytest.mark.parametrize("text", ["Wrong password: hunter2", "password hunter2 is wrong", "hunter2: wrong password"])
def test_nothing_else_is_quoted(text: str) -> None:
    assert "hunter2" not in complaint([text])


def test_a_long_text_is_not_judged() -> None:
    said = "wrong password"
    assert complaint([said, "x" * (LONGEST_TEXT - len(said))]) == said
    assert complaint([said, "x" * (LONGEST_TEXT - len(said) + 1)]) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ERROR\\n", "error"), ("error: disk full", "error"), ("ERROR|bad pin", "error"), ("error: 0", ""),
        ("Error: none", ""), ("error rate 3", ""), ("errors", ""), ("no error", ""),
        ("error: " + "x" * LONGEST_TEXT, ""),
    ],
)  # fmt: skip
def test_a_text_that_begins_with_error(text: str, expected: str) -> None:
    assert complaint_of_text([text]) == expected


def test_only_what_follows_the_headers_is_the_text() -> None:
    assert text_of_labels(["Timestamps", "HTTP/1.1 200 OK\\r\\n", "\\r\\n", "ok"]) == ["ok"]
    assert list(text_of_labels(["wrong password"])) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["/success:false", "/error/code:7"], "success: false"),
        (["/errors/[]/message:no such field"], "error"),
        (["/error:quota"], "error"),
        (["/status:failed"], "error"),
        (["/message:API key is invalid"], "API key is invalid"),
        (["/success:true", "/error:null"], ""),
        (["/errors:0", "/status:ok"], ""),
        (["/cluster_name:logs", "/status:red", "/unassigned_shards:9"], "status: red"),
        (["/cluster_name:logs", "/status:yellow", "/unassigned_shards:9"], ""),
        (["/lamp:3", "/status:red"], ""),
        (["/valid:false", "/error_count:3", "/status:failover"], ""),
    ],
)
def test_json(values: list[str], expected: str) -> None:
    assert complaint_of_json(values) == expected


def test_soap() -> None:
    assert complaint_of_xml(["</faultcode>", "</soap:Fault>"]) == "SOAP Fault"
    assert complaint_of_xml(["<faultcode>soap:Client</faultcode><x/></soap:Fault>"]) == "SOAP Fault (Client)"
    assert complaint_of_xml(["<e:Code><e:Value>e:Sender</e:Value>", "</e:Fault>"]) == "SOAP Fault (Client)"
    assert complaint_of_xml(["<faultcode>soap:Server</faultcode>", "</soap:Fault>"]) == "SOAP Fault"
    assert complaint_of_xml(["</Default>", "</order>"]) == ""
