"""Kerberos tickets, and what proves a password."""

from factories import CLIENT, SERVER

from explainer.protocols.applications.directory import UNPROVEN, kerberos
from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.records import Reply
from explainer.protocols.tcp import Endpoint

AS_REQ, AS_REP, TGS_REQ, TGS_REP, ERROR = "10", "11", "12", "13", "30"
TIMESTAMP, FRESHNESS = "2", "150"


def message(frame: int, kind: str, *proofs: str, service: str = "krbtgt") -> Message:
    ends = Endpoint(CLIENT, 40000), Endpoint(SERVER, 88)
    source, destination = ends if kind in (AS_REQ, TGS_REQ) else ends[::-1]
    values = {
        "kerberos.msg_type": (kind,),
        "kerberos.CNameString": ("anna",),
        "kerberos.SNameString": (service, "LAB.EXAMPLE"),
        "kerberos.padata_type": proofs,
    }
    return Message(frame, frame, None, source, destination, ("udp", "kerberos"), values)


def requests(*messages: Message) -> list[tuple[str, str]]:
    return [(reply.request, reply.about) for reply in kerberos(messages) if isinstance(reply, Reply)]


def test_a_ticket_without_pre_authentication_proves_no_password() -> None:
    granted = message(2, AS_REP)
    assert requests(message(1, AS_REQ, FRESHNESS), granted) == [(UNPROVEN, "anna")]
    assert requests(message(1, AS_REQ, FRESHNESS, TIMESTAMP), granted) == [("AS-REQ", "anna")]


def test_a_ticket_that_is_used_was_opened_with_the_password() -> None:
    used = (message(3, TGS_REQ, service="host"), message(4, TGS_REP, service="host"))
    assert requests(message(1, AS_REQ), message(2, AS_REP), *used) == [
        ("AS-REQ", "anna"),
        ("TGS-REQ", "host/LAB.EXAMPLE"),
    ]
    again = (message(3, AS_REQ), message(4, AS_REP))
    assert requests(message(1, AS_REQ), message(2, AS_REP), *again)[0] == (UNPROVEN, "anna")


def test_a_ticket_for_changing_the_password_is_a_matter_of_its_own() -> None:
    asked = message(1, AS_REQ, TIMESTAMP, service="kadmin")
    assert requests(asked, message(2, AS_REP, service="kadmin")) == [("AS-REQ", "anna (kadmin/LAB.EXAMPLE)")]


def test_an_error_without_a_code_tells_of_nothing() -> None:
    asked, error = message(1, AS_REQ), message(2, ERROR)
    assert requests(asked, error) == []
    denied = error._replace(values={**error.values, "kerberos.error_code": ("6",)})
    assert requests(asked, denied) == [("AS-REQ", "anna")]
