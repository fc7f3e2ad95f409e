"""Answers of telephone and mobile networks, storage and machines whose outcome is a number in one field.

Rules
* What each number is called stands in the specification that is named beside it; what it means is a rule's matter.
* A number that a protocol uses for a success, or for an orderly end, is a good answer.
"""

from explainer.protocols.applications.errors import Coded, from_least
from explainer.protocols.applications.messages import many
from explainer.protocols.applications.records import Kind

# 3GPP TS 29.060, section 7.7.1.
_GTP = {
    192: "non-existent", 193: "invalid message format", 194: "IMSI not known", 195: "MS is GPRS detached",
    196: "MS is not GPRS responding", 197: "MS refuses", 198: "version not supported", 199: "no resources available",
    200: "service not supported", 201: "mandatory IE incorrect", 202: "mandatory IE missing", 204: "system failure",
    205: "roaming restriction", 208: "authentication failure", 209: "user authentication failed",
    210: "context not found", 211: "all dynamic PDP addresses are occupied", 212: "no memory is available",
    219: "missing or unknown APN", 220: "unknown PDP address or PDP type",
}  # fmt: skip
_GTP_CALLED = {"0x11": "Create PDP Context", "0x13": "Update PDP Context", "0x15": "Delete PDP Context",
               "0x33": "SGSN Context"}  # fmt: skip
# 3GPP TS 29.274, section 8.4, and TS 29.244, section 8.2.1.
_GTPV2 = {
    64: "context not found", 65: "invalid message format", 66: "version not supported", 67: "invalid length",
    68: "service not supported", 69: "mandatory IE incorrect", 70: "mandatory IE missing", 72: "system failure",
    73: "no resources available", 78: "missing or unknown APN", 82: "denied in RAT",
    83: "preferred PDN type not supported", 84: "all dynamic addresses are occupied", 87: "UE not responding",
    88: "UE refuses", 89: "service denied", 90: "unable to page UE", 91: "no memory available",
    92: "user authentication failed", 93: "APN access denied: no subscription", 94: "request rejected",
    96: "IMSI/IMEI not known", 100: "remote peer not responding", 103: "conditional IE missing",
}  # fmt: skip
_GTPV2_CALLED = {
    "33": "Create Session", "35": "Modify Bearer", "37": "Delete Session", "96": "Create Bearer", "98": "Update Bearer",
    "100": "Delete Bearer", "131": "Context", "171": "Release Access Bearers",
}  # fmt: skip
_PFCP = {
    64: "request rejected", 65: "session context not found", 66: "mandatory IE missing", 67: "conditional IE missing",
    68: "invalid length", 69: "mandatory IE incorrect", 70: "invalid forwarding policy", 71: "invalid F-TEID"
    " allocation option", 72: "no established PFCP association", 73: "rule creation/modification failure",
    74: "PFCP entity in congestion", 75: "no resources available", 76: "service not supported", 77: "system failure",
}  # fmt: skip
_PFCP_CALLED = {"6": "Association Setup", "8": "Association Update", "10": "Association Release",
                "51": "Session Establishment", "53": "Session Modification", "55": "Session Deletion"}  # fmt: skip
# 3GPP TS 24.301, section 9.9.3.9, and TS 24.501, section 9.11.3.2.
_NAS = {
    3: "illegal UE", 5: "IMEI/PEI not accepted", 6: "illegal ME", 7: "services not allowed",
    8: "EPS and non-EPS services not allowed", 9: "UE identity cannot be derived", 10: "implicitly detached",
    11: "PLMN not allowed", 12: "tracking area not allowed", 13: "roaming not allowed in this tracking area",
    14: "EPS services not allowed in this PLMN", 15: "no suitable cells in tracking area", 17: "network failure",
    20: "MAC failure", 21: "synch failure", 22: "congestion", 23: "UE security capabilities mismatch",
    25: "not authorized for this CSG", 27: "N1 mode not allowed", 62: "no network slices available",
    73: "serving network not authorized", 95: "semantically incorrect message", 96: "invalid mandatory information",
    111: "protocol error, unspecified",
}  # fmt: skip
_EMM_CALLED = {"0x44": "attach", "0x4b": "tracking area update", "0x4e": "service"}
_5GMM_CALLED = {"0x44": "registration", "0x4d": "service"}
# ITU-T Q.850, table 1; 16 and 31 are the ordinary end of a call.
_Q850 = {
    1: "unallocated number", 2: "no route to transit network", 3: "no route to destination", 17: "user busy",
    18: "no user responding", 19: "no answer from user", 20: "subscriber absent", 21: "call rejected",
    22: "number changed", 26: "non-selected user clearing", 27: "destination out of order", 28: "invalid number format",
    29: "facility rejected", 34: "no circuit available", 38: "network out of order", 41: "temporary failure",
    42: "switching equipment congestion", 44: "requested channel not available", 47: "resource unavailable",
    50: "requested facility not subscribed", 57: "bearer capability not authorized",
    58: "bearer capability not presently available", 65: "bearer capability not implemented",
    88: "incompatible destination", 102: "recovery on timer expiry", 111: "protocol error", 127: "interworking",
}  # fmt: skip
_ORDINARY = (0, 16, 31)
# SMPP 3.4, section 5.1.3; RFC 7143, section 11.13.5; RFC 8029, section 3.1; RFC 5036, section 3.9.
_SMPP = {
    1: "message too long", 4: "incorrect bind status", 5: "already bound", 8: "system error", 10: "invalid source"
    " address", 11: "invalid destination address", 13: "bind failed", 14: "invalid password", 15: "invalid system id",
    20: "message queue full", 69: "submit failed", 88: "throttled",
}  # fmt: skip
_ISCSI = {
    0x200: "initiator error", 0x201: "authentication failure", 0x202: "authorization failure", 0x203: "not found",
    0x204: "target removed", 0x205: "unsupported version", 0x206: "too many connections", 0x207: "missing parameter",
    0x208: "cannot include in session", 0x209: "session type not supported", 0x20A: "session does not exist",
    0x300: "target error", 0x301: "service unavailable", 0x302: "out of resources",
}  # fmt: skip
_MPLS_ECHO = {
    1: "malformed echo request", 2: "TLVs not understood", 4: "no mapping for the FEC", 5: "downstream mapping"
    " mismatch", 10: "mapping for this FEC is not the given label", 11: "no label entry at stack depth",
    12: "protocol not associated with interface", 13: "premature termination of ping",
}  # fmt: skip
_LDP = {
    1: "bad LDP identifier", 2: "bad protocol version", 3: "bad PDU length", 4: "unknown message type",
    5: "bad message length", 9: "hold timer expired", 10: "shutdown", 16: "session rejected: no hello",
    17: "session rejected: parameters advertisement mode", 18: "session rejected: parameters max PDU length",
    19: "session rejected: parameters label range", 20: "keepalive timer expired",
    24: "session rejected: bad keepalive time", 25: "internal error",
}  # fmt: skip
# CIP Networks Library, volume 1, appendix B.
_CIP = {
    1: "connection failure", 2: "resource unavailable", 3: "invalid parameter value", 4: "path segment error",
    5: "path destination unknown", 8: "service not supported", 9: "invalid attribute value", 11: "already in requested"
    " mode", 12: "object state conflict", 14: "attribute not settable", 15: "privilege violation", 16: "device state"
    " conflict", 17: "reply data too large", 19: "not enough data", 20: "attribute not supported", 21: "too much data",
    22: "object does not exist", 26: "routing failure: request too large", 38: "path size invalid",
}  # fmt: skip
# Volume 2, table 2-3.3; IEC 60870-5-101, section 7.2.3; RFC 4666, section 3.8.1; RFC 4340, section 5.6.
_ENIP = {
    1: "invalid command", 2: "no memory resources", 3: "incorrect data", 100: "invalid session handle",
    101: "invalid length", 105: "unsupported protocol revision", 106: "CIP service not allowed on this port",
}  # fmt: skip
_IEC_104 = {
    44: "unknown type identification", 45: "unknown cause of transmission", 46: "unknown common address",
    47: "unknown information object address",
}  # fmt: skip
_M3UA = {
    1: "invalid version", 3: "unsupported message class", 4: "unsupported message type",
    5: "unsupported traffic mode type", 6: "unexpected message", 7: "protocol error", 9: "invalid stream identifier",
    13: "refused: management blocking", 14: "ASP identifier required", 15: "invalid ASP identifier",
    17: "invalid parameter value", 22: "missing parameter", 25: "invalid routing context", 26: "no configured AS",
}  # fmt: skip
_DCCP = {
    2: "aborted", 3: "no connection", 4: "packet error", 5: "option error", 6: "mandatory error",
    7: "connection refused", 8: "bad service code", 9: "too busy", 10: "bad init cookie", 11: "aggression penalty",
}  # fmt: skip
_CIP_MORE = 6
"""Partial transfer: the rest is fetched with the next request."""
OUTCOMES = tuple(
    row.dialect()
    for row in (
        # Causes below 128 (version 2: 16) stand in requests.
        Coded("gtp", "GTP", "gtp.cause >= 128", many("gtp.cause"), from_least(192), about=many("gtp.message"),
              names=_GTP, called=_GTP_CALLED),
        Coded("gtpv2", "GTPv2", "gtpv2.cause >= 16", many("gtpv2.cause"), from_least(64),
              about=many("gtpv2.message_type"), names=_GTPV2, called=_GTPV2_CALLED),
        Coded("pfcp", "PFCP", "pfcp.cause", many("pfcp.cause"), from_least(64), about=many("pfcp.msg_type"),
              names=_PFCP, called=_PFCP_CALLED),
        Coded("nas-eps", "EPS", "nas_eps.nas_msg_emm_type in {0x44, 0x4b, 0x4e}", many("nas_eps.emm.cause"),
              about=many("nas_eps.nas_msg_emm_type"), kind=Kind.LOGIN, names=_NAS, called=_EMM_CALLED),
        Coded("nas-5gs", "5GS", "nas_5gs.mm.message_type in {0x44, 0x4d}", many("nas_5gs.mm.5gmm_cause"),
              about=many("nas_5gs.mm.message_type"), kind=Kind.LOGIN, names=_NAS, called=_5GMM_CALLED),
        # Of an ended call the first message that ends it says why: REL, DISCONNECT, or RELEASE COMPLETE alone.
        Coded("isup", "ISUP", "isup.message_type == 12", many("isup.cause_indicator"), lambda c: c not in _ORDINARY,
              asks="the call", kind=Kind.CALL, names=_Q850),
        Coded("q931", "Q.931", "q931.message_type in {0x45, 0x5a}", many("q931.cause_value"),
              lambda c: c not in _ORDINARY, asks="the call", kind=Kind.CALL, names=_Q850),
        Coded("mgcp", "MGCP", "mgcp.req || mgcp.rsp.rspcode >= 200", many("mgcp.rsp.rspcode"), from_least(400),
              many("mgcp.rsp.rspstring"), many("mgcp.req.verb")),
        Coded("smpp", "SMPP", "smpp.command_status", many("smpp.command_status"), names=_SMPP),
        Coded("iscsi", "iSCSI", "iscsi.login.status", many("iscsi.login.status"), from_least(0x200), asks="the login",
              kind=Kind.LOGIN, names=_ISCSI),
        Coded("mpls-echo", "MPLS echo", "mpls_echo.msg_type == 2", many("mpls_echo.return_code"),
              lambda c: c in _MPLS_ECHO, asks="the echo", names=_MPLS_ECHO),
        Coded("ldp", "LDP", "ldp.msg.tlv.status.ebit == 1", many("ldp.msg.tlv.status.data"), lambda c: c in _LDP,
              asks="the session", kind=Kind.SESSION, names=_LDP),
        Coded("enip", "EtherNet/IP", "enip.status > 0", many("enip.status"), lambda c: c in _ENIP, names=_ENIP),
        Coded("iec60870_asdu", "IEC 104", "iec60870_asdu.causetx in {44, 45, 46, 47}", many("iec60870_asdu.causetx"),
              lambda c: c in _IEC_104, asks="a command", names=_IEC_104),
        Coded("m3ua", "M3UA", "m3ua.error_code", many("m3ua.error_code"), lambda c: c in _M3UA, kind=Kind.SESSION,
              names=_M3UA),
        Coded("dccp", "DCCP", "dccp.reset_code > 1", many("dccp.reset_code"), lambda c: c in _DCCP,
              asks="a connection", names=_DCCP),
        Coded("cip", "CIP", "cip.genstat", many("cip.genstat"), lambda c: c not in (0, _CIP_MORE), names=_CIP),
    )
)  # fmt: skip
