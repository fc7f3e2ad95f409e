"""Pasted error messages: their classes are no hosts, and they ask why it failed."""

from collections.abc import Callable

import pytest

from explainer import ask
from explainer.brief.error_messages import in_words, is_message
from explainer.brief.question import parse
from explainer.model import Analysis


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("javax.net.ssl.SSLHandshakeException", "ssl handshake exception"),
        ("javax.net.ssl.SSLException: Unsupported", "ssl exception : Unsupported"),
        ("java.net.UnknownHostException: a.example", "unknown host exception : a.example"),
        ("socket.gaierror", "gaierror"),
        ("http.client.RemoteDisconnected", "remote disconnected"),
        ("(Client.Timeout exceeded)", "( timeout exceeded)"),
        ("failed (_ssl.c:1007)", "failed ()"),
        ("SaslAuthenticationException", "sasl authentication exception"),
    ],
)
def test_classes_become_words(text: str, words: str) -> None:
    assert " ".join(in_words(text).split()) == words


@pytest.mark.parametrize("name", ["www.example.org", "Intranet.Example", "error.example.com", "api.errors.example"])
def test_hosts_stay_hosts(name: str) -> None:
    assert in_words(f"why does {name} fail?") == f"why does {name} fail?"
    assert parse(f"why does {name} fail?").names == {name.lower()}


@pytest.mark.parametrize(
    "text",
    [
        "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL", "connect ECONNREFUSED 192.0.2.1:80", "read ECONNRESET",
        "NET::ERR_CERT_DATE_INVALID", "x509: certificate signed by unknown authority", "Broken pipe",
        "java.net.SocketTimeoutException: Read timed out", "530 Login incorrect.", "Error: socket hang up",
        "Permission denied (publickey,password).", "dial tcp 192.0.2.1:80: i/o timeout",
        "Our log says: read ECONNRESET - what is the cause?", "Since today: Broken pipe. Can you check this capture?",
    ],
)  # fmt: skip
def test_what_a_program_says_is_a_message(text: str) -> None:
    question = parse(text)
    assert is_message(in_words(text))
    assert question.about_a_failure()
    assert not question.names


@pytest.mark.parametrize(
    "text",
    [
        "was access denied?",
        "who closed the connection after ECONNRESET",
        "what is a broken pipe?",
        "The log says access denied, which user was it?",
    ],
)
def test_a_question_is_none(text: str) -> None:
    assert not is_message(text)


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        ("tls12_unknown_ca", "x509: certificate signed by unknown authority"),
        ("tls12_unknown_ca", "javax.net.ssl.SSLHandshakeException: PKIX path building failed"),
        ("tls12_other_name", "x509: certificate is valid for a name, not for the other"),
        ("tls12_no_shared_cipher", "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure"),
        ("tls_to_http_port", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message"),
        ("tls_plain_http_to_nginx", "client sent an HTTP request to an HTTPS server"),
        ("tcp_refused", "java.net.ConnectException: Connection refused (Connection refused)"),
        ("tcp_reset_by_server", "An existing connection was forcibly closed by the remote host"),
        ("dns_nxdomain", "socket.gaierror: [Errno -2] Name or service not known"),
        ("http_never_answered", "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"),
        ("http_redirect_loop", "requests.exceptions.TooManyRedirects: Exceeded 30 redirects"),
        ("http_cut_response", "curl: (18) transfer closed with outstanding read data remaining"),
        ("ftp_login_refused", "ftplib.error_perm: 530 Login incorrect."),
        ("ssh_wrong_key", "Permission denied (publickey,password)."),
    ],
)
def test_a_message_is_answered_with_its_cause(
    capture: str, message: str, analysis_of: Callable[[str], Analysis]
) -> None:
    analysis = analysis_of(capture)
    assert analysis.findings[0].title in ask(analysis, message).verdict
