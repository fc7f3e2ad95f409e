"""Logins that a directory refuses: LDAP (RFC 4511, appendix A) and Kerberos (RFC 4120, section 7.5.9)."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_CREDENTIALS = "The client's side must correct the user's name (DN) or password that it binds with."
# Active Directory says in "data …" why (a Windows error code, hexadecimal; MS-ERREF).
_SUB_CODE = re.compile(r"\bdata ([0-9a-f]{3,8})\b", re.IGNORECASE)
_ADMINISTRATOR = "An administrator must see to the account."
_SUB_CODES = {
    "525": ("there is no such user", _CREDENTIALS),
    "52e": ("the password is wrong", _CREDENTIALS),
    "530": ("the account may not log in at this time", _ADMINISTRATOR),
    "531": ("the account may not log in from this machine", _ADMINISTRATOR),
    "532": ("the password has expired", "The password must be changed."),
    "533": ("the account is disabled", _ADMINISTRATOR),
    "701": ("the account has expired", _ADMINISTRATOR),
    "773": ("the password must be changed first", "The password must be changed."),
    "775": ("the account is locked after too many wrong passwords", _ADMINISTRATOR),
}
_CHANGE = "The client must correct what it wants to write."
_RESULTS: dict[str, tuple[str, Meaning]] = {
    "1": ("operationsError", Meaning(
        "it wants a bind (a login) first, or cannot do it now", "The client must bind before it asks.", Side.CLIENT)),
    "2": ("protocolError", Meaning("it does not understand the request", "Client and server must agree on a version.",
        Side.CLIENT)),
    "7": ("authMethodNotSupported", Meaning(
        "it does not offer this way to log in", "The client must bind in a way that the server offers.", Side.CLIENT)),
    "8": ("strongerAuthRequired", Meaning(
        "it takes a login over TLS or with signing only",
        "The client must use LDAPS or StartTLS, or sign its bind.", Side.CLIENT)),
    "13": ("confidentialityRequired", Meaning(
        "it takes this over TLS only", "The client must use LDAPS or StartTLS.", Side.CLIENT)),
    "3": ("timeLimitExceeded", Meaning(
        "the search takes longer than it allows: what is asked for comes in part only",
        "The client must search for less, or the directory's side must raise the limit, or index what is asked for.",
        Side.EITHER)),
    "4": ("sizeLimitExceeded", Meaning(
        "more entries fit than it gives at once: only a part of them comes",
        "The client must ask in pages, or for less; or the directory's side must raise the size limit.", Side.EITHER)),
    "11": ("adminLimitExceeded", Meaning(
        "the search passes a limit that an administrator set", "The client must search for less, or the limit be"
        " raised.",
        Side.EITHER)),
    "16": ("noSuchAttribute", Meaning("the entry has no such attribute", _CHANGE, Side.CLIENT, Severity.MEDIUM)),
    "17": ("undefinedAttributeType", Meaning("it knows no such attribute (schema)", _CHANGE, Side.CLIENT)),
    "19": ("constraintViolation", Meaning(
        "a rule of the directory forbids the value, such as a password's length", _CHANGE, Side.CLIENT)),
    "20": ("attributeOrValueExists", Meaning(
        "the entry has that value already", _CHANGE, Side.CLIENT, Severity.MEDIUM)),
    "21": ("invalidAttributeSyntax", Meaning("a value does not have the form that it wants", _CHANGE, Side.CLIENT)),
    "65": ("objectClassViolation", Meaning("the entry would break the schema", _CHANGE, Side.CLIENT)),
    "66": ("notAllowedOnNonLeaf", Meaning("the entry has others below it", _CHANGE, Side.CLIENT)),
    "68": ("entryAlreadyExists", Meaning("the entry exists already", _CHANGE, Side.CLIENT)),
    "80": ("other", Meaning("it fails for a reason of its own", "The directory's log tells why.", Side.SERVER)),
    "32": ("noSuchObject", Meaning(
        "there is no such entry (base DN)", "The client's side must correct the DN that it asks for.", Side.CLIENT,
        Severity.MEDIUM)),
    "34": ("invalidDNSyntax", Meaning("the DN is not well-formed", _CREDENTIALS, Side.CLIENT)),
    "48": ("inappropriateAuthentication", Meaning(
        "this user may not log in so (without a password, for example)", _CREDENTIALS, Side.CLIENT)),
    "49": ("invalidCredentials", Meaning("user name or password is wrong", _CREDENTIALS, Side.CLIENT)),
    "50": ("insufficientAccessRights", Meaning(
        "the user may not do this", "The directory's side must grant the right, or another user must be used.",
        Side.EITHER)),
    "51": ("busy", Meaning("it is too busy", "The directory's side must act.", Side.SERVER)),
    "52": ("unavailable", Meaning("it is shutting down or not ready", "The directory's side must act.", Side.SERVER)),
    "53": ("unwillingToPerform", Meaning(
        "it will not do this", "Read the server's words: a bind without password, or a policy, are common reasons.",
        Side.EITHER)),
}  # fmt: skip


_IN_WORDS = (
    ("2", "unsupported extended operation", Meaning(
        "it does not offer that operation, such as encryption (StartTLS)",
        "The directory's side must offer it, or the client do without: LDAPS in place of StartTLS.", Side.EITHER)),
    ("53", "unauthenticated bind", Meaning(
        "it takes no login with a name and an empty password", "The client's side must send the password: it is empty.",
        Side.CLIENT)),
)  # fmt: skip
"""Results whose words (OpenLDAP's) say more than their number."""
_NO_FAILURES = ("9",)  # LDAPv2's referral, which old servers still send
_OTHER = ("", Meaning("it refuses it", "Read the server's words: they say what has to be corrected.", Side.EITHER))


def _ldap_meaning(reply: Reply) -> Meaning | None:
    if reply.code in _NO_FAILURES:
        return None
    if said := next((means for code, words, means in _IN_WORDS if code == reply.code and words in reply.text), None):
        return said
    known = _RESULTS.get(reply.code, _OTHER)
    sub_code = _SUB_CODE.search(reply.text) if reply.code == "49" else None
    more = _SUB_CODES.get(sub_code[1].lower()) if sub_code else None
    return Meaning(more[0], more[1], Side.CLIENT) if more else known[1]


def _ldap_told(reply: Reply) -> str:
    about = f" of {reply.about}" if reply.about else ""
    asked = "extended request" if reply.request == "extended" else reply.request
    what = f"the login (bind){about}" if reply.kind is Kind.LOGIN else f"the {asked} of {reply.client.address}"
    result = _RESULTS[reply.code][0] if reply.code in _RESULTS else f"result code {reply.code}"
    return f"The directory {reply.server.address} (LDAP) answers {result} to {what}"


_LDAP = Family("ldap_refused", "ldap", _ldap_told, _ldap_meaning)


@rule("LDAP refused", replies, subject=SUBJECT, area=AREA)
def ldap_refused(facts: Facts) -> Iterator[Finding]:
    """An LDAP result that says no: to a bind, with what Active Directory says of the reason, or to another request."""
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "LDAP"], _LDAP)


_NO_COMMON_TYPE = Meaning(
    "client and KDC have no encryption type in common",
    "Client and KDC must allow a common encryption type: AES in place of RC4 or DES.", Side.EITHER,
)  # fmt: skip
_KERBEROS: dict[str, tuple[str, Meaning]] = {
    "1": ("KDC_ERR_NAME_EXP", Meaning(
        "the account has expired", "An administrator must see to the account.", Side.SERVER)),
    "2": ("KDC_ERR_SERVICE_EXP", Meaning(
        "the service's account has expired", "An administrator must see to the service's account.", Side.SERVER)),
    "13": ("KDC_ERR_BADOPTION", Meaning(
        "it does not grant what the request asks for, such as delegation",
        "An administrator must permit it, or the client ask for less.", Side.EITHER, Severity.MEDIUM)),
    "6": ("KDC_ERR_C_PRINCIPAL_UNKNOWN", Meaning(
        "it knows no such user", "The client's side must correct the user's name or realm.", Side.CLIENT)),
    "7": ("KDC_ERR_S_PRINCIPAL_UNKNOWN", Meaning(
        "it knows no such service (SPN)", "Whoever runs the service must register its name (SPN), or the client must"
        " use the name that is registered.", Side.SERVER,
        advice=("In Active Directory: setspn -Q SERVICE/HOST shows who has the name.",
                "An IP address or an alias in place of the host's name is a common reason."))),
    "12": ("KDC_ERR_POLICY", Meaning("a policy forbids it", "An administrator must see to the policy.", Side.SERVER)),
    "14": ("KDC_ERR_ETYPE_NOSUPP", _NO_COMMON_TYPE),
    "18": ("KDC_ERR_CLIENT_REVOKED", Meaning(
        "the account is disabled, locked or expired", "An administrator must see to the account.", Side.SERVER)),
    "23": ("KDC_ERR_KEY_EXPIRED", Meaning(
        "the password has expired", "The user must change the password.", Side.CLIENT)),
    "24": ("KDC_ERR_PREAUTH_FAILED", Meaning(
        "the password is wrong", "The client's side must correct the password, or its keytab.", Side.CLIENT)),
    "31": ("KRB_AP_ERR_BAD_INTEGRITY", Meaning(
        "the password or key is wrong", "The service's key (keytab) must be renewed.", Side.EITHER)),
    "32": ("KRB_AP_ERR_TKT_EXPIRED", Meaning(
        "the ticket has expired", "The client must get a new ticket (kinit).", Side.CLIENT, Severity.MEDIUM)),
    "37": ("KRB_AP_ERR_SKEW", Meaning(
        "the clocks of client and server differ by more than Kerberos allows (5 minutes)",
        "The clock of the client, or of the server, must be set right: both need a common time server (NTP).",
        Side.EITHER, advice=("Compare both clocks: date -u; on Windows w32tm /query /status",))),
    "41": ("KRB_AP_ERR_MODIFIED", Meaning(
        "the ticket was made for another key: the service's name belongs to another account",
        "Whoever runs the service must see that its name (SPN) stands at the right account alone.", Side.SERVER)),
    "15": ("KDC_ERR_SUMTYPE_NOSUPP", _NO_COMMON_TYPE),
    "16": ("KDC_ERR_PADATA_TYPE_NOSUPP", Meaning(
        "it does not offer this way to log in (a smart card or certificate, most often)",
        "The KDC's side must set it up, or the client use another way.", Side.EITHER)),
    "29": ("KDC_ERR_SVC_UNAVAILABLE", Meaning(
        "something that it needs is not available", "The KDC's side must act.", Side.SERVER)),
    "60": ("KRB_ERR_GENERIC", Meaning(
        "it fails for a reason of its own, which its words and its log tell", "The KDC's side must act.", Side.SERVER,
        advice=("An encryption type that is switched off on one side only is a common reason.",))),
    "62": ("KDC_ERR_CLIENT_NOT_TRUSTED", Meaning(
        "it does not trust the client's certificate", "The client's certificate, or the KDC's list of issuers, must be"
        " corrected.", Side.EITHER)),
    "68": ("KDC_ERR_WRONG_REALM", Meaning(
        "the realm is another one", "The client's side must correct the realm.", Side.CLIENT)),
}  # fmt: skip
_RETRIED = ("34", "90", "93")
"""Errors that a client answers by asking in another way: a request seen twice, a pre-authentication that is too old or
of another kind (RFC 4120 section 7.5.9, RFC 6113)."""
_OTHER_ERROR = Meaning("it refuses it", "Read the KDC's words and its log.", Side.EITHER, Severity.MEDIUM)


def _kerberos_meaning(reply: Reply) -> Meaning | None:
    if reply.code in _RETRIED:
        return None
    return _KERBEROS[reply.code][1] if reply.code in _KERBEROS else _OTHER_ERROR


def _kerberos_told(reply: Reply) -> str:
    what = f"for {reply.about}" if reply.about else f"of {reply.client.address}"
    error = _KERBEROS[reply.code][0] if reply.code in _KERBEROS else f"error {reply.code}"
    return f"The KDC {reply.server.address} (Kerberos) denies the {reply.request} {what} with {error}"


_TICKETS = Family("kerberos_refused", "kerberos", _kerberos_told, _kerberos_meaning)


@rule("Kerberos ticket denied", replies, subject=SUBJECT, area=AREA)
def kerberos_refused(facts: Facts) -> Iterator[Finding]:
    """A KRB-ERROR that ends a request for a ticket; KDC_ERR_PREAUTH_REQUIRED is a step on the way, and none."""
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "Kerberos"], _TICKETS)
