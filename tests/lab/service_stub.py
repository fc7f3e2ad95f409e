"""A telephone server and a time server of few words: python service_stub.py --port N sip|ntp … (see --help).

Rules
* As in stubs.py: the standard library alone, and its faults are chosen by its arguments.
"""

from __future__ import annotations

import argparse
import re
import socket
import struct
from hashlib import md5

REALM, NONCE = "lab", "5f1a0c3e"
COPIED = ("via", "from", "to", "call-id", "cseq", "contact")
# RFC 5905, section 7.3: leap indicator 3 (no time), version 4, mode 4 (server); stratum 0 is a kiss of death.
KISS, POLL, PRECISION, ORIGIN_AT = 0xE4, 10, 0xE7, 40


def sip(options: argparse.Namespace, request: bytes) -> bytes:
    """The registrar's answer: a challenge, then 200, or 403 where the password is wrong (RFC 3261, section 10.3)."""
    first, *lines = request.decode(errors="replace").split("\r\n")
    method, uri = first.split()[:2]
    said = next((line for line in lines if line.lower().startswith("authorization:")), "")
    told = dict(re.findall(r'(\w+)="([^"]*)"', said))
    if not said:
        status, more = "401 Unauthorized", [f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}"']
    elif told.get("response") == digest(told.get("username", ""), options.password, method, told.get("uri", uri)):
        status, more = "200 OK", []
    else:
        status, more = "403 Forbidden", []
    copied = [line for line in lines if line.partition(":")[0].lower() in COPIED]
    return "\r\n".join([f"SIP/2.0 {status}", *copied, *more, "Content-Length: 0", "", ""]).encode()


def digest(user: str, password: str, method: str, uri: str) -> str:
    """RFC 2617, section 3.2.2.1, without a quality of protection."""
    who, what = hashed(f"{user}:{REALM}:{password}"), hashed(f"{method}:{uri}")
    return hashed(f"{who}:{NONCE}:{what}")


def hashed(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def ntp(options: argparse.Namespace, request: bytes) -> bytes:
    """A kiss of death with this code, and the client's own time stamp given back."""
    header = struct.pack("!BBBbII4s", KISS, 0, POLL, PRECISION - 256, 0, 0, options.kiss.encode())
    return header + bytes(8) + request[ORIGIN_AT : ORIGIN_AT + 8] + bytes(16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    kinds = parser.add_subparsers(required=True)
    sip_options = kinds.add_parser("sip")
    sip_options.add_argument("--password", required=True)
    sip_options.set_defaults(answer=sip)
    ntp_options = kinds.add_parser("ntp")
    ntp_options.add_argument("--kiss", required=True)
    ntp_options.set_defaults(answer=ntp)
    options = parser.parse_args()
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("", options.port))
    while True:
        request, sender = listening.recvfrom(4096)
        listening.sendto(options.answer(options, request), sender)


if __name__ == "__main__":
    main()
