"""Wireless stations: who is refused or sent away, and the four-way handshake (IEEE 802.11-2020, 9.4.1 and 12.7)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply, Sign
from explainer.protocols.tcp import Endpoint

_SUBTYPE, _REASON, _STATUS = (
    many("wlan.fc.type_subtype"),
    many("wlan.fixed.reason_code"),
    many("wlan.fixed.status_code"),
)
_SENDER, _RECEIVER, _ACCESS_POINT = many("wlan.sa"), many("wlan.da"), many("wlan.bssid")
_KEY_MESSAGE, _ALGORITHM = many("wlan_rsna_eapol.keydes.msgnr"), many("wlan.fixed.auth.alg")
_AUTHENTICATION, _SHARED_KEY = 0x0B, 1
_ANSWERS = {0x01: "association", 0x03: "reassociation", 0x0B: "authentication"}
_FAREWELLS = {0x0A: "disassociation", 0x0C: "deauthentication"}


def wireless(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield refusals, farewells and key handshakes by station and access point."""
    for message in messages:
        access_point, sender, receiver = (message.first(c) for c in (_ACCESS_POINT, _SENDER, _RECEIVER))
        station = Endpoint(receiver if sender == access_point else sender, 0)
        base, subtype = Endpoint(access_point, 0), message.number(_SUBTYPE)
        key, status, reason = (message.number(c) for c in (_KEY_MESSAGE, _STATUS, _REASON))
        if subtype == _AUTHENTICATION and message.number(_ALGORITHM) == _SHARED_KEY:
            yield Sign("wep", "Wi-Fi", None, station, base, message.frame)
        if key:
            # The fourth message completes it: the third shows that the access point accepted the station's key.
            yield Reply(
                "Wi-Fi", Kind.SESSION, None, station, base, None, message.frame, f"key {key}", "", str(key), "", key > 2
            )  # fmt: skip
        elif subtype in _ANSWERS and status is not None and sender == access_point:
            yield Reply(
                "Wi-Fi", Kind.LOGIN, None, station, base, None, message.frame, _ANSWERS[subtype], "", str(status), "",
                status == 0,
            )  # fmt: skip
        elif subtype in _FAREWELLS and reason is not None:
            yield Reply(
                "Wi-Fi", Kind.OTHER, None, station, base, None, message.frame, _FAREWELLS[subtype],
                "access point" if sender == access_point else "station", str(reason), "", ok=False,
            )  # fmt: skip


WIRELESS = Dialect(
    "wlan", "wlan.fc.type_subtype in {0x01, 0x03, 0x0a, 0x0b, 0x0c} || wlan_rsna_eapol.keydes.msgnr",
    (_SUBTYPE, _REASON, _STATUS, _SENDER, _RECEIVER, _ACCESS_POINT, _KEY_MESSAGE, _ALGORITHM), wireless,
)  # fmt: skip
