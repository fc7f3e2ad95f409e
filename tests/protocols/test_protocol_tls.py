"""TLS as the lab's programs spoke it, whose truth is known: what was chosen, what could be read, and how it ended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CASES
from factories import EVERYTHING, segment_rows
from tls_records import TLS10, TLS11, TLS12, TLS13

from explainer.facts import Facts
from explainer.protocols.tls import Ending, endings, handshakes

FactsOf = Callable[..., Facts]
Truth = tuple[int | None, int | None, str, int | None]
DTLS12 = 0xFEFD

# Of each connection: the version chosen, how many certificates of the server can be read, its outcome, and the alert.
TRUTH: dict[str, list[Truth]] = {
    "gateway_behind_expired": [(TLS12, 1, "UNUSED", None)],
    "gateway_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "bittorrent_among_web": [(TLS12, 1, "ESTABLISHED", None)],
    "dtls12_expired": [(DTLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "dtls12_healthy": [(DTLS12, 1, "ESTABLISHED", None)],
    "ipv6_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "portmapper_probe": [(TLS12, 1, "ESTABLISHED", None)],
    "quic_alpn_refused": [(None, None, "ALERT_FROM_SERVER", 120)],
    "quic_closed_at_once": [(None, None, "LEFT_BY_SERVER", None)],
    "quic_dropped": [(None, None, "SILENCE", None)],
    "quic_expired_with_keys": [(TLS13, 1, "ALERT_FROM_CLIENT", 45)],
    "quic_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "quic_other_version": [(None, None, "ENDED_EARLY", None)],
    "tls10_works": [(TLS10, 1, "ESTABLISHED", None)],
    "tls11_forbidden_by_client": [(TLS11, 1, "ALERT_FROM_CLIENT", 80)],
    "tls11_works": [(TLS11, 1, "ESTABLISHED", None)],
    "tls12_alpn_refused": [(None, None, "ALERT_FROM_SERVER", 120)],
    "tls12_authority_as_server": [(TLS12, 1, "ALERT_FROM_CLIENT", 43)],
    "tls12_capture_cut": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_chain_stray": [(TLS12, 3, "ESTABLISHED", None)],
    "tls12_chain_with_root_healthy": [(TLS12, 3, "ESTABLISHED", None)],
    "tls12_chain_wrong_order": [(TLS12, 3, "ESTABLISHED", None)],
    "tls12_client_certificate_expired": [(TLS12, 2, "ALERT_FROM_SERVER", 45)],
    "tls12_client_certificate_healthy": [(TLS12, 2, "ESTABLISHED", None)],
    "tls12_client_certificate_missing": [(TLS12, 2, "ALERT_FROM_SERVER", 40)],
    "tls12_client_certificate_missing_nginx": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_client_certificate_optional_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_client_certificate_other_ca": [(TLS12, 2, "ALERT_FROM_SERVER", 48)],
    "tls12_client_clock_fast": [(TLS12, 1, "ALERT_FROM_CLIENT", 45), (TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_client_clock_slow": [(TLS12, 1, "ALERT_FROM_CLIENT", 42), (TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_ends_in_handshake_healthy": [(TLS12, None, "ENDED_EARLY", None)],
    "tls12_expired": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_expired_accepted": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_expired_on_odd_port": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_expired_out_of_order": [(TLS12, 2, "ALERT_FROM_CLIENT", 45)],
    "tls12_expired_server_side_only": [(TLS12, 1, "ONE_DIRECTION", None)],
    "tls12_expired_without_hello": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_fallback_refused": [(None, None, "ALERT_FROM_SERVER", 86)],
    "tls12_flight_lost": [(None, None, "FLIGHT_LOST", None)],
    "tls12_for_clients_only": [(TLS12, 1, "ALERT_FROM_CLIENT", 43)],
    "tls12_healthy": [(TLS12, 2, "ESTABLISHED", None)],
    "tls12_healthy_reset_after_close": [(TLS12, 2, "ESTABLISHED", None)],
    "tls12_hostile_names": [(TLS12, 1, "ALERT_FROM_CLIENT", 48)],
    "tls12_intercepted": [(TLS12, 1, "ESTABLISHED", None), (TLS12, 2, "ALERT_FROM_CLIENT", 48)],
    "tls12_intercepted_accepted": [(TLS12, 1, "ESTABLISHED", None), (TLS12, 2, "ESTABLISHED", None)],
    "tls12_intermediate_expired": [(TLS12, 2, "ALERT_FROM_CLIENT", 45)],
    "tls12_intermediate_known": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_intermediate_missing": [(TLS12, 1, "ALERT_FROM_CLIENT", 48)],
    "tls12_intermediate_missing_gnutls": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_issuer_unknown_java": [(TLS12, 1, "ALERT_FROM_CLIENT", 46)],
    "tls12_java_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_name_constrained": [(TLS12, 2, "ALERT_FROM_CLIENT", 46)],
    "tls12_name_not_served": [(None, None, "ALERT_FROM_SERVER", 112)],
    "tls12_no_name_sent": [(TLS12, 1, "ESTABLISHED", None), (None, None, "ALERT_FROM_SERVER", 112)],
    "tls12_no_shared_cipher": [(None, None, "ALERT_FROM_SERVER", 40)],
    "tls12_no_shared_cipher_gnutls": [(None, None, "ALERT_FROM_SERVER", 40)],
    "tls12_not_yet_valid": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_not_yet_valid_accepted": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_other_name": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_other_name_client_leaves": [(TLS12, 1, "UNUSED", None)],
    "tls12_other_name_gnutls": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_out_of_order_healthy": [(TLS12, 2, "ESTABLISHED", None)],
    "tls12_private_root_unknown": [(TLS12, 3, "ALERT_FROM_CLIENT", 48)],
    "tls12_pinned_client_leaves": [(TLS12, 1, "UNUSED", None)],
    "tls12_probe_healthy": [(TLS12, 1, "UNUSED", None)],
    "tls12_psk_differs": [(TLS12, None, "ALERT_FROM_SERVER", 20)],
    "tls12_record_damaged": [(TLS12, 1, "ALERT_FROM_SERVER", 20)],
    "tls12_renegotiation_refused": [(TLS12, 1, "ALERT_FROM_CLIENT", 40)],
    "tls12_renewed_healthy": [(TLS12, 1, "ESTABLISHED", None), (TLS12, 1, "ESTABLISHED", None)],
    "tls12_resumption_healthy": [(TLS12, 1, "ESTABLISHED", None), (TLS12, None, "ESTABLISHED", None)],
    "tls12_self_signed": [(TLS12, 1, "ALERT_FROM_CLIENT", 48)],
    "tls12_self_signed_accepted": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_self_signed_java": [(TLS12, 1, "ALERT_FROM_CLIENT", 46)],
    "tls12_server_side_only": [(TLS12, 2, "ONE_DIRECTION", None)],
    "tls12_sha1_signature_accepted": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_short_key": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_split_hello_healthy": [(TLS12, 2, "ESTABLISHED", None)],
    "tls12_staple_missing": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls12_starttls_imap_self_signed": [(TLS12, 1, "ALERT_FROM_CLIENT", 48)],
    "tls12_starttls_smtp_expired": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "tls12_starttls_smtp_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_unknown_ca": [(TLS12, 2, "ALERT_FROM_CLIENT", 48)],
    "tls12_wildcard_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "tls12_wildcard_too_shallow": [(TLS12, 1, "ALERT_FROM_CLIENT", 42)],
    "tls13_alpn_refused": [(None, None, "ALERT_FROM_SERVER", 120)],
    "tls13_client_certificate_expired_with_keys": [(TLS13, 2, "ALERT_FROM_SERVER", 45)],
    "tls13_client_certificate_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_client_certificate_missing_java": [(TLS13, None, "REJECTED_BY_SERVER", None)] * 2,
    "tls13_client_certificate_missing": [(TLS13, None, "REJECTED_BY_SERVER", None)],
    "tls13_client_certificate_missing_with_keys": [(TLS13, 2, "ALERT_FROM_SERVER", 116)],
    "tls13_client_certificate_optional_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_client_certificate_other_ca": [(TLS13, None, "REJECTED_BY_SERVER", None)],
    "tls13_client_side_only": [(None, None, "ONE_DIRECTION", None)],
    "tls13_early_data_healthy": [(TLS13, None, "ESTABLISHED", None), (TLS13, None, "ESTABLISHED", None)],
    "tls13_ends_after_hello_healthy": [(None, None, "ENDED_EARLY", None)],
    "tls13_expired_gnutls": [(TLS13, None, "REJECTED_BY_CLIENT", None)],
    "tls13_expired_openssl": [(TLS13, None, "ALERT_FROM_CLIENT", 45)],
    "tls13_expired_with_keys": [(TLS13, 1, "ALERT_FROM_CLIENT", 42)],
    "tls13_flight_lost_at_server": [(TLS13, None, "FLIGHT_LOST", None)],
    "tls13_gnutls_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_hello_retry_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_http2_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_hung_up": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_java_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_name_not_served": [(None, None, "ALERT_FROM_SERVER", 112)],
    "tls13_no_name_sent": [(None, None, "ALERT_FROM_SERVER", 112)],
    "tls13_no_shared_cipher": [(None, None, "ALERT_FROM_SERVER", 40)],
    "tls13_no_shared_group": [(None, None, "ALERT_FROM_SERVER", 40)],
    "tls13_no_shared_signature": [(None, None, "ALERT_FROM_SERVER", 40)],
    "tls13_on_odd_port_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls13_other_name_client_leaves": [(TLS13, None, "UNUSED", None)],
    "tls13_other_name_openssl": [(TLS13, None, "ALERT_FROM_CLIENT", 42)],
    "tls13_record_damaged": [(TLS13, None, "ALERT_FROM_CLIENT", 20)],
    "tls13_rejected_after_handshake": [(TLS13, None, "REJECTED_BY_SERVER", None)],
    "tls13_resumption_healthy": [(TLS13, None, "ESTABLISHED", None), (TLS13, None, "ESTABLISHED", None)],
    "tls13_self_signed_gnutls": [(TLS13, None, "REJECTED_BY_CLIENT", None)],
    "tls13_self_signed_python": [(TLS13, None, "ALERT_FROM_CLIENT", 48)],
    "tls13_self_signed_with_keys": [(TLS13, 1, "ALERT_FROM_CLIENT", 42)],
    "tls13_starts_in_the_middle_healthy": [(None, None, "STARTED_LATE", None)],
    "tls13_unknown_ca_java": [(TLS13, None, "REJECTED_BY_CLIENT", None)],
    "tls13_with_keys_healthy": [(TLS13, 1, "ESTABLISHED", None)],
    "tls_closed_by_server": [(None, None, "CLOSED_AFTER_HELLO", None)],
    "tls_hello_dropped": [(None, None, "HELLO_UNACKNOWLEDGED", None)],
    "tls_hello_garbled": [(None, None, "ALERT_FROM_SERVER", 50)],
    "proxy_tunnel_expired": [(TLS12, 1, "ALERT_FROM_CLIENT", 45)],
    "proxy_tunnel_healthy": [(TLS12, 1, "ESTABLISHED", None)],
    "tls_left_by_server": [(TLS12, 1, "LEFT_BY_SERVER", None)],
    "tls_no_common_version": [(None, None, "ALERT_FROM_SERVER", 70)],
    "tls_plain_http_to_nginx": [],
    "tls_plain_http_to_openssl": [],
    "tls_port_probe_healthy": [(TLS13, None, "ESTABLISHED", None)],
    "tls_reset_by_server": [(None, None, "RESET_AFTER_HELLO", None)],
    "tls_reset_on_path": [(None, None, "RESET_AFTER_HELLO", None)],
    "tls_server_answers_too_old": [(TLS11, 1, "ALERT_FROM_CLIENT", 70)],
    "tls_server_silent": [(None, None, "SILENCE", None)],
    "tls_server_slow": [(TLS13, None, "SILENCE", None)],
    "tls_server_too_old": [(None, None, "ALERT_FROM_SERVER", 70)],
    "tls_starttls_postgresql_refused": [],
    "tls_starttls_refused_454": [],
    "tls_starttls_refused_502": [(None, None, "NOT_TLS", None)],
    "tls_to_http_port": [(None, None, "NOT_TLS", None)],
    "tls_to_smtp_port": [(None, None, "NOT_TLS", None)],
    "tls_to_ssh_port": [(None, None, "NOT_TLS", None)],
    "tls_warning_alert_healthy": [(TLS12, 1, "ESTABLISHED", None)],
}
DECODED_AS = {
    "tls_starttls_refused_502": "tcp.port==25,tls",
    "tls_to_http_port": "tcp.port==80,tls",
    "tls_to_smtp_port": "tcp.port==587,tls",
    "tls_to_ssh_port": "tcp.port==22,tls",
}
SPOKEN = {
    "tls_starttls_refused_502": "SMTP",
    "tls_to_http_port": "HTTP",
    "tls_to_smtp_port": "SMTP",
    "tls_to_ssh_port": "SSH",
}


# From the other end than the answers' tests: what one process has dissected by then, the other need not.
@pytest.fixture(params=CASES[::-1], ids=lambda case: case["name"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def of(ending: Ending) -> Truth:
    message = ending.handshake.server_certificates
    presented = len(message.certificates) if message else None
    return ending.handshake.version, presented, ending.outcome.name, ending.alert.code if ending.alert else None


def test_each_handshake_of_the_lab_is_told_as_it_went(case: dict[str, Any], facts_of: FactsOf) -> None:
    if case["name"].startswith(("tls", "dtls", "quic")):
        assert case["name"] in TRUTH, "this capture's truth is not written down yet"
    assert [of(ending) for ending in facts_of(case["name"], *EVERYTHING)[endings]] == TRUTH.get(case["name"], [])


def test_no_row_outlives_its_capture() -> None:
    assert set(TRUTH) <= {case["name"] for case in CASES}


def test_a_healthy_connection_does_not_fail(case: dict[str, Any], facts_of: FactsOf) -> None:
    failed = [ending for ending in facts_of(case["name"], *EVERYTHING)[endings] if ending.outcome.failed]
    assert not failed or not case["healthy"]


def test_the_frame_that_decides_belongs_to_the_connection(case: dict[str, Any], facts_of: FactsOf) -> None:
    for ending in facts_of(case["name"], *EVERYTHING)[endings]:
        assert ending.connection.first_frame <= ending.frame <= ending.connection.last_frame
        assert ending.connection.stream == ending.handshake.stream


def test_hellos_and_certificates_stand_in_the_frames_where_tshark_sees_them(
    sample: dict[str, Any], captures: Path, facts_of: FactsOf
) -> None:
    known = [h for h in facts_of(sample["name"], *EVERYTHING)[handshakes] if not h.decoded_as]
    shown = segment_rows(captures / sample["file"]) if known else []

    def frames(kind: str, stream: int) -> set[int]:
        own = (row for row in shown if row["tcp.stream"] == str(stream))
        return {int(row["frame.number"]) for row in own if kind in row["tls.handshake.type"].split(",")}

    for found in known:
        # A second look, where segments are out of order, sees more than the defaults.
        assert frames("1", found.stream) <= {hello.frame for hello in found.client_hellos}
        assert frames("11", found.stream) <= {message.frame for message in found.certificate_messages}
        servers = {hello.frame for hello in (found.hello_retry, found.server_hello) if hello}
        assert frames("2", found.stream) <= servers


@pytest.mark.parametrize("name", ["tls12_out_of_order_healthy", "tls12_expired_out_of_order"])
def test_segments_out_of_order_hide_nothing(name: str, captures: Path, facts_of: FactsOf) -> None:
    shown = [row for row in segment_rows(captures / f"{name}.pcapng") if "11" in row["tls.handshake.type"].split(",")]
    (found,) = facts_of(name, *EVERYTHING)[handshakes]
    assert shown == []
    assert found.server_certificates is not None
    assert found.reordered
    assert found.decoded_as == ""


def test_tls_where_wireshark_does_not_expect_it_says_how_to_see_it(case: dict[str, Any], facts_of: FactsOf) -> None:
    found = facts_of(case["name"], *EVERYTHING)[endings]
    assert {e.handshake.decoded_as for e in found} <= {DECODED_AS.get(case["name"], "")}
    assert {e.spoken for e in found} <= {SPOKEN.get(case["name"], "")}
