"""What the numbers mean with which protocols of plants, telephones, mobile networks and tunnels say no."""

# ANSI/ASHRAE 135, clauses 18 and 20.1.9.
BACNET_ERRORS = {
    1: "authentication failed", 2: "configuration in progress", 3: "device busy", 5: "file access denied",
    9: "invalid data type", 16: "missing required parameter", 17: "no objects of specified type",
    18: "no space for object", 20: "no space to write property", 23: "object deletion not permitted",
    24: "object identifier already exists", 25: "operational problem", 26: "password failure",
    27: "read access denied", 28: "security not supported", 29: "service request denied", 30: "timeout",
    31: "unknown object", 32: "unknown property", 36: "unsupported object type", 37: "value out of range",
    40: "write access denied", 42: "invalid array index", 43: "COV subscription failed", 44: "not a COV property",
    45: "optional functionality not supported", 46: "invalid configuration data", 47: "data type not supported",
    50: "property is not an array", 75: "log buffer full", 77: "no property specified", 79: "unknown subscription",
}  # fmt: skip
BACNET_REJECTS = {
    1: "buffer overflow", 2: "inconsistent parameters", 3: "invalid parameter data type", 4: "invalid tag",
    5: "missing required parameter", 6: "parameter out of range", 7: "too many arguments", 8: "undefined enumeration",
    9: "unrecognized service",
}  # fmt: skip
BACNET_ABORTS = {
    1: "buffer overflow", 2: "invalid APDU in this state", 3: "preempted by higher priority task",
    4: "segmentation not supported", 5: "security error", 6: "insufficient security", 9: "out of resources",
    10: "TSM timeout", 11: "APDU too long",
}  # fmt: skip
# As Wireshark names them: Siemens publishes none; 0xff is a yes.
S7_CLASSES = {
    0x81: "application relationship (it does not do what was asked, most often)",
    0x82: "object definition", 0x83: "no resources available",
    0x84: "error on service processing", 0x85: "error on supplies", 0x87: "access error",
}  # fmt: skip
S7_ITEMS = {
    0x01: "hardware error", 0x03: "accessing the object not allowed", 0x05: "invalid address",
    0x06: "data type not supported", 0x07: "data type inconsistent", 0x0A: "object does not exist",
}  # fmt: skip
# The CIP Networks Library: volume 2, table 2-3.3, and volume 1, appendix B.
ENIP = {
    0x01: "invalid command", 0x02: "no memory resources", 0x03: "incorrect data", 0x64: "invalid session handle",
    0x65: "invalid length", 0x69: "unsupported protocol revision",
    0x6A: "encapsulated CIP service not allowed on this port",
}  # fmt: skip
CIP = {
    0x01: "connection failure", 0x02: "resource unavailable", 0x03: "invalid parameter value",
    0x04: "path segment error", 0x05: "path destination unknown", 0x07: "connection lost",
    0x08: "service not supported", 0x09: "invalid attribute value", 0x0C: "object state conflict",
    0x0D: "object already exists",
    0x0E: "attribute not settable", 0x0F: "privilege violation", 0x10: "device state conflict",
    0x11: "reply data too large", 0x13: "not enough data", 0x14: "attribute not supported", 0x15: "too much data",
    0x16: "object does not exist", 0x1F: "vendor specific error", 0x20: "invalid parameter",
    0x26: "path size invalid", 0x2C: "attribute not gettable",
}  # fmt: skip
# IEC 60870-5-101, section 7.2.3: causes of transmission.
IEC_104 = {
    44: "unknown type identification", 45: "unknown cause of transmission", 46: "unknown common address",
    47: "unknown information object address",
}  # fmt: skip
# DCE 1.1 RPC (The Open Group C706), section 12.6 and appendix E; MS-RPCE.
RPC_BIND = {
    0: "reason not specified", 1: "temporary congestion", 2: "local limit exceeded",
    4: "protocol version not supported", 8: "authentication type not recognized", 9: "invalid checksum",
}  # fmt: skip
RPC_FAULTS = {
    0x5: "access denied", 0x6BA: "server unavailable", 0x6BB: "server too busy", 0x6E4: "cannot support",
    0x6F7: "bad stub data", 0x721: "security package error", 0x1C010002: "operation number out of range",
    0x1C010003: "unknown interface", 0x1C010014: "server too busy", 0x1C01000B: "protocol error",
}  # fmt: skip
# 3GPP TS 29.060, section 7.7.1.
GTP = {
    192: "non-existent", 193: "invalid message format", 194: "IMSI not known", 196: "MS is not GPRS responding",
    197: "MS refuses", 198: "version not supported", 199: "no resources available", 200: "service not supported",
    201: "mandatory IE incorrect", 202: "mandatory IE missing", 204: "system failure", 205: "roaming restriction",
    208: "authentication failure", 209: "user authentication failed", 210: "context not found",
    211: "all dynamic PDP addresses are occupied", 212: "no memory is available", 213: "relocation failure",
    219: "missing or unknown APN", 220: "unknown PDP address or PDP type",
    222: "APN access denied - no subscription", 229: "APN congestion",
}  # fmt: skip
# 3GPP TS 29.274, section 8.4.
GTP_2 = {
    64: "context not found", 65: "invalid message format", 66: "version not supported by next peer",
    68: "service not supported", 69: "mandatory IE incorrect", 70: "mandatory IE missing", 72: "system failure",
    73: "no resources available", 78: "missing or unknown APN", 82: "denied in RAT",
    83: "preferred PDN type not supported", 84: "all dynamic addresses are occupied", 87: "UE not responding",
    88: "UE refuses", 89: "service denied", 90: "unable to page UE", 91: "no memory available",
    92: "user authentication failed", 93: "APN access denied - no subscription", 94: "request rejected",
    96: "IMSI/IMEI not known", 100: "remote peer not responding", 103: "conditional IE missing", 109: "invalid peer",
    113: "APN congestion", 116: "multiple PDN connections for a given APN not allowed", 120: "GTP-C entity congestion",
}  # fmt: skip
# 3GPP TS 29.244, section 8.2.1.
PFCP = {
    64: "request rejected", 65: "session context not found", 66: "mandatory IE missing", 67: "conditional IE missing",
    69: "mandatory IE incorrect", 72: "no established PFCP association", 73: "rule creation or modification failure",
    74: "PFCP entity in congestion", 75: "no resources available", 76: "service not supported", 77: "system failure",
    79: "all dynamic addresses are occupied",
}  # fmt: skip
# SMPP 3.4, section 5.1.3.
SMPP = {
    0x01: "message length is invalid", 0x02: "command length is invalid", 0x03: "invalid command ID",
    0x04: "incorrect bind status for the command", 0x05: "already in bound state", 0x08: "system error",
    0x0A: "invalid source address", 0x0B: "invalid destination address", 0x0D: "bind failed",
    0x0E: "invalid password", 0x0F: "invalid system ID", 0x14: "message queue full", 0x15: "invalid service type",
    0x45: "submit failed", 0x58: "throttling error", 0x61: "invalid scheduled delivery time", 0xFF: "unknown error",
}  # fmt: skip
# RFC 3435, section 2.4.
MGCP = {
    400: "transient error", 401: "phone already off hook", 402: "phone already on hook", 403: "no resources now",
    404: "insufficient bandwidth", 500: "endpoint unknown", 501: "endpoint not ready", 502: "no resources",
    504: "unknown or unsupported command", 510: "protocol error", 511: "unrecognized extension",
    515: "incorrect connection ID", 516: "unknown call ID", 517: "unsupported mode", 518: "unsupported package",
    527: "missing remote connection descriptor", 534: "codec negotiation failure",
}  # fmt: skip
# ITU-T Q.850, table 1: what a call ends with, but for normal clearing (16, 31).
Q_850 = {
    1: "unallocated number", 2: "no route to the transit network", 3: "no route to the destination", 17: "user busy",
    18: "no user responding", 19: "no answer from user", 20: "subscriber absent", 21: "call rejected",
    22: "number changed", 27: "destination out of order", 28: "invalid number format", 29: "facility rejected",
    34: "no circuit or channel available", 38: "network out of order", 41: "temporary failure",
    42: "switching equipment congestion", 44: "requested circuit or channel not available",
    47: "resource unavailable", 50: "requested facility not subscribed", 55: "incoming calls barred",
    57: "bearer capability not authorized", 58: "bearer capability not presently available",
    63: "service or option not available", 65: "bearer capability not implemented",
    69: "requested facility not implemented", 79: "service or option not implemented", 88: "incompatible destination",
    102: "recovery on timer expiry", 111: "protocol error", 127: "interworking",
}  # fmt: skip
# RFC 4666, section 3.8.1.
M3UA = {
    1: "invalid version", 3: "unsupported message class", 4: "unsupported message type",
    5: "unsupported traffic mode type", 6: "unexpected message", 7: "protocol error", 9: "invalid stream identifier",
    13: "refused - management blocking", 14: "ASP identifier required", 15: "invalid ASP identifier",
    17: "invalid parameter value", 22: "missing parameter", 25: "invalid routing context",
    26: "no configured AS for ASP",
}  # fmt: skip
# RFC 4340, section 5.6; 1 is a normal end.
DCCP = {
    2: "aborted", 3: "no connection", 4: "packet error", 5: "option error", 6: "mandatory error",
    7: "connection refused", 8: "bad service code", 9: "too busy", 10: "bad init cookie", 11: "aggression penalty",
}  # fmt: skip
# RFC 5036, section 3.9; an orderly shutdown (0x0A) is none.
LDP = {
    0x01: "bad LDP identifier", 0x02: "bad protocol version", 0x03: "bad PDU length", 0x09: "hold timer expired",
    0x10: "session rejected: no hello", 0x11: "session rejected: parameters advertisement mode",
    0x12: "session rejected: parameters max PDU length", 0x13: "session rejected: parameters label range",
    0x14: "keep-alive timer expired", 0x18: "session rejected: bad keep-alive time", 0x19: "internal error",
}  # fmt: skip
# RFC 2637, sections 2.2, 2.8 and 2.10.
PPTP = {
    2: "general error", 3: "command channel already exists", 4: "requester not authorized",
    5: "protocol version not supported",
}  # fmt: skip
PPTP_OUT = {2: "general error", 3: "no carrier", 4: "busy", 5: "no dial tone", 6: "time-out", 7: "do not accept"}
PPTP_IN = {2: "general error", 3: "do not accept"}
