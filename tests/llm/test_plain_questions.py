"""Plain questions about a capture, asked as people ask them: the first sentence answers, from the statistics."""

from collections.abc import Callable
from pathlib import Path

import pytest

from explainer import analyse, ask
from explainer.llm import lookup
from explainer.model import Analysis

AnalysisOf = Callable[[str], Analysis]
WEB, EXPIRED, LOSSY = "dns_and_http_healthy", "tls12_expired", "tcp_loss"


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        (WEB, "How many packets are in this capture?", "60 frames (packets) with 21,727 bytes"),
        (WEB, "how long is the capture?", "lasts 0.0388 seconds"),
        (WEB, "When was this recorded?", "from 2026-11-21 09:54:47"),
        (WEB, "how many connections are there?", "3 TCP connections and 4 UDP conversations"),
        (WEB, "which DNS server does it use?", "The name server asked is 10.20.1.1"),
        (WEB, "what is the IP address of intranet.example?", "intranet.example is 10.20.2.20"),
        (WEB, "which browser is used?", "curl/7.88.1"),
        (WEB, "what web server software is it?", "nginx/1.22.1"),
        (WEB, "what operating system does the client run?", "do not say for certain"),
        (WEB, "what is the MAC address of 10.20.1.10?", "02:00:0a:14:01:0a"),
        (WEB, "what is my IP address?", "Your address is 10.20.1.10, if this was recorded on your machine"),
        (WEB, "how many clients are there?", "1 client that asks others: 10.20.1.10"),
        (WEB, "how many servers are there?", "2 servers that are asked: 10.20.2.20 and 10.20.1.1"),
        (WEB, "how many hosts are there?", "3 addresses that send packets"),
        (WEB, "who is 10.20.2.20?", "10.20.2.20 is called intranet.example and files.example, answers for HTTP"),
        (WEB, "is IPv6 used?", "IPv4 in 60 frames; there is no IPv6"),
        (WEB, "is it encrypted?", "No: HTTP with 10.20.2.20 and DNS with 10.20.1.1 are in clear text"),
        (WEB, "is anything sent unencrypted?", "Yes: HTTP with 10.20.2.20 and DNS with 10.20.1.1 are in clear text"),
        (EXPIRED, "is something sent unencrypted?", "Yes: TLS with 10.20.2.20 is encrypted"),
        (WEB, "is anything sent in clear text?", "Yes: HTTP"),
        (WEB, "was my password sent in clear?", "No password is visible"),
        (WEB, "which websites were visited?", "intranet.example (2 times by HTTP"),
        (WEB, "how much data was transferred?", "21,727 bytes"),
        (WEB, "how fast is the download?", "10.20.1.10 gets 13,041 bytes from 10.20.2.20"),
        (LOSSY, "how fast is the download?", "10.20.1.10 gets 209,623 bytes from 10.20.2.20"),
        (LOSSY, "what is the transfer rate?", "4.6 Mbit/s on average"),
        (WEB, "who talks most?", "10.20.1.10 (60 packets"),
        (WEB, "which host sends the most?", "Most data is sent by 10.20.2.20"),
        (WEB, "who downloads the most?", "Most data is received by 10.20.1.10"),
        (WEB, "which hosts are contacted?", "10.20.1.10 contacts 10.20.2.20"),
        (WEB, "what is 10.20.1.10 doing?", "10.20.1.10 talks to 10.20.2.20"),
        (WEB, "summarize this", "DNS (name lookups), UDP port 53"),
        (WEB, "what is this traffic on port 53?", "DNS (name lookups), from 10.20.1.10 to 10.20.1.1"),
        (WEB, "which ports are used?", "TCP 80 (http)"),
        (WEB, "which files were downloaded?", "fetches / from intranet.example"),
        (WEB, "which user logged in?", "No user's name can be read"),
        (WEB, "is there malware in here?", "No fault was found, and nothing suspicious"),
        (WEB, "what TLS version is used?", "This capture cannot tell: it holds no TLS connection"),
        (WEB, "everything ok?", "No fault was found"),
        (WEB, "How fast does the server respond?", "its response begun after"),
        (WEB, "Did the page load?", "GET /news.html succeeded"),
        (WEB, "What happens on each interface?", "recorded on 1 interface: eth0 (60 frames)"),
        (WEB, "How long does the handshake take?", "the handshake was complete after 0.051 ms"),
        ("tls13_healthy", "Did the download work?", "the server sent 2,730 bytes, then the server closed it in order"),
        ("tls13_healthy", "Did the TLS handshake complete?", "Yes, the TLS handshake of 10.20.1.10:37176"),
        (EXPIRED, "Did the TLS handshake complete?", "expired 12 days before"),
        ("tls12_split_hello_healthy", "Is the ClientHello split?", "segments carry at most 360 bytes"),
        ("capture_duplicates", "Is there packet loss on this link?", "in this capture twice"),
        ("path_mtu", "What is the path MTU?", "takes 1,300 bytes at most (MTU)"),
        ("path_mtu", "Why do large files not get through?", "takes 1,300 bytes at most (MTU)"),
        ("dns_tunnel", "Is data being smuggled out via DNS?", "looks like a tunnel"),
        ("bittorrent_among_web", "Who is using all the bandwidth?", "exchange files by BitTorrent"),
        ("bittorrent_among_web", "Is there file sharing traffic?", "exchange files by BitTorrent"),
        ("tcp_healthy_one_lost_segment", "Is the network dropping packets?", "1 data segment of 70"),
        (WEB, "Which status did the server return?", "intranet.example answers GET / with HTTP 200 (OK)"),
        (WEB, "Which host asked for files.example?", "asks 10.20.1.1 for files.example (A)"),
        (WEB, "Is the file damaged?", "can be read to its end: 60 frames, none of them cut"),
        ("tls12_capture_cut", "Is the file damaged?", "cut off in the middle of a packet"),
        ("http_404", "What status codes came back?", "404"),
        ("scan_ports", "Which ports are open?", "10.20.2.20 accepts connections on the TCP port 80."),
        ("path_mtu", "Which router has the small MTU?", "says the router 10.20.1.1"),
        ("dns_nxdomain", "What did the name server reply?", "does not exist, says the name server"),
        (EXPIRED, "Which certificates are out of date?", "expired 12 days before"),
        ("tls12_no_shared_cipher", "Do client and server share a cipher?", "no cipher suite"),
        ("tcp_syn_unanswered", "How many times did the client try?", "never answered"),
        ("address_arp_unanswered", "Which device is offline?", "Nobody on the local network has the address"),
        ("ftp_file_missing", "Which file was not found?", "there is no such file"),
        ("grpc_unavailable", "What does grpc-status say?", "UNAVAILABLE"),
        ("mqtt_keep_alive_missed", "Who closed the MQTT connection?", "to 10.20.2.20:1883 first (FIN)"),
        ("proxy_wants_a_login", "Does the proxy need a password?", "407 Proxy Authentication Required"),
        ("sip_register_healthy", "Did the phone register?", "accepts REGISTER"),
        ("ssh_login_healthy", "Did the login work?", "The SSH login of 10.20.1.10 to 10.20.2.20:22 was accepted"),
        ("smb_share_missing", "Does the share exist?", "it has no such share"),
        ("http_redirect_loop", "Where does the server redirect to?", "/portal to /sign-in"),
        ("tcp_refused", "Is the database port open?", "refused the connection to port 5432"),
        ("scan_logins", "Is somebody trying passwords?", "seems to guess passwords"),
        ("ssh_nothing_in_common", "Which algorithms have both in common?", "no algorithm in common"),
        (EXPIRED, "what TLS version is used?", "TLS 1.2, cipher suite TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (EXPIRED, "what is the SNI?", "the server name (SNI) payroll.example"),
        (EXPIRED, "is it encrypted?", "Partly: TLS with 10.20.2.20 is encrypted"),
        (EXPIRED, "is there malware in here?", "Nothing suspicious was found"),
        (EXPIRED, "everything ok?", "expired 12 days before"),
        (EXPIRED, "did the upload complete?", "expired 12 days before"),
    ],
)  # fmt: skip
def test_the_first_sentence_answers(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert words in ask(analysis_of(capture), question).verdict


def test_a_finding_answers_what_it_is_about(analysis_of: AnalysisOf) -> None:
    assert "scan" in ask(analysis_of("scan_ports"), "What is 10.20.1.10 doing?").verdict.lower() or "tries" in (
        ask(analysis_of("scan_ports"), "What is 10.20.1.10 doing?").verdict
    )
    assert "portmapper" in ask(analysis_of("portmapper_probe"), "What is this traffic on port 111?").verdict


def test_a_question_about_a_fault_is_not_answered_by_numbers(analysis_of: AnalysisOf) -> None:
    verdict = ask(analysis_of(WEB), "Why can the client not reach the server?").verdict
    assert verdict.startswith("No fault was found")


def test_a_frame_is_told_where_there_is_a_capture(captures: Path) -> None:
    path = captures / f"{EXPIRED}.pcapng"
    answer = ask(analyse(path), "What does frame 24 say?", capture=path)
    assert "Certificate Expired" in answer.verdict
    assert answer.claims[0].frames == (24,)
    assert "It is evidence for a finding" in answer.claims[1].text
    absent = ask(analyse(path), "What is in frame 999?", capture=path)
    assert absent.verdict == "This capture holds no frame 999: it has 70 frames."


@pytest.mark.parametrize(
    "question", ["who talks most?", "what is the MAC address?", "which ports are used?", "what is going on?"]
)
def test_the_statistics_that_are_read_are_asked_for(question: str, captures: Path) -> None:
    path = captures / f"{WEB}.pcapng"
    few = analyse(path, only_statistics=lookup.statistics(question))
    assert ask(few, question).verdict == ask(analyse(path), question).verdict


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("smtp_recipient_unknown", "Is the mail encrypted?", "No: SMTP"),
        ("tls12_starttls_smtp_healthy", "Is the mail encrypted?", "encrypted"),
    ],
)
def test_whether_it_is_encrypted_comes_before_what_was_said(
    capture: str, question: str, words: str, analysis_of: AnalysisOf
) -> None:
    assert words in ask(analysis_of(capture), question).verdict
