"""Why a resolver failed, where it says so: extended DNS errors (RFC 8914)."""

from explainer.facts import Column, Facts, Kind, fact
from explainer.protocols.dns import lookups
from explainer.protocols.frame import FRAME

_CODE = Column("dns.opt.ext_error.info_code", Kind.INT)
_EXTENDED_RCODE = Column("dns.resp.ext_rcode", Kind.INT, many=True)
_SERVFAIL = 2
_BADVERS = 1  # 16 in all: these are the bits above those of the header (RFC 6891, section 6.1.3)

# IANA, "Extended DNS Error Codes". Those of DNSSEC say that a signature is missing, wrong or out of its time.
DNSSEC = {1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27}
NAMES = {
    1: "unsupported DNSKEY algorithm", 2: "unsupported DS digest type", 3: "stale answer", 4: "forged answer",
    5: "DNSSEC indeterminate", 6: "DNSSEC bogus", 7: "signature expired", 8: "signature not yet valid",
    9: "DNSKEY missing", 10: "RRSIGs missing", 11: "no zone key bit set", 12: "NSEC missing", 13: "cached error",
    14: "not ready", 15: "blocked", 16: "censored", 17: "filtered", 18: "prohibited", 20: "not authoritative",
    21: "not supported", 22: "no reachable authority", 23: "network error", 24: "invalid data",
    27: "unsupported NSEC3 iterations",
}  # fmt: skip


@fact("DNS lookups", lookups, FRAME, _CODE)
def extended_errors(facts: Facts) -> dict[int, int]:
    """Return the code of each failed answer that has one, by frame."""
    failed = {x.response_frames[0] for x in facts[lookups] if x.rcode == _SERVFAIL and x.response_frames}
    told = facts.frames_with((_CODE,), FRAME).select(FRAME.field, _CODE.field)
    return {frame: code for frame, code in told.iter_rows() if frame in failed}


@fact("DNS lookups", lookups, FRAME, _EXTENDED_RCODE)
def bad_versions(facts: Facts) -> frozenset[int]:
    """Return the frames of answers without an error in their header, whose EDNS record says BADVERS."""
    clean = {x.response_frames[0] for x in facts[lookups] if x.rcode == 0 and x.response_frames}
    told = facts.frames_with((_EXTENDED_RCODE,), FRAME).select(FRAME.field, _EXTENDED_RCODE.field)
    return frozenset(frame for frame, codes in told.iter_rows() if _BADVERS in (codes or ()) and frame in clean)
