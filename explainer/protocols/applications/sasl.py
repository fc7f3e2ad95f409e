"""Whose name a login by SASL gives (RFC 4422): PLAIN, LOGIN, CRAM-MD5 and SCRAM, in base64; never the password."""

import base64
import binascii
import re
from collections.abc import Sequence

CLEAR = ("PLAIN", "LOGIN")
"""The mechanisms that give the password away."""
_DIGEST = re.compile(r"(.+) [0-9a-fA-F]{32}", re.DOTALL)
_SCRAM_USER = re.compile(r"n=((?:[^,=]|=2C|=3D)*),r=")


def decoded(text: str) -> str:
    """Return what base64 stands for, empty where it is none."""
    try:
        return base64.b64decode(text.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def user(mechanism: str, responses: Sequence[str]) -> str:
    """Return the user's name among what the client sends by this mechanism, in base64; empty where it is not there."""
    told = decoded(next((text for text in responses if text), ""))
    return plain(mechanism, told)


def plain(mechanism: str, told: str) -> str:
    """Return the same of the client's first response as it is: RFC 4616, RFC 2195, RFC 5802 section 7."""
    if mechanism == "PLAIN":
        parts = told.split("\0")
        return (parts[1] or parts[0]) if len(parts) == len(("authorisation", "user", "password")) else ""
    if mechanism == "CRAM-MD5":
        digest = _DIGEST.fullmatch(told)
        return digest[1] if digest else ""
    if mechanism.startswith("SCRAM-"):
        named = _SCRAM_USER.search(told)
        return named[1].replace("=2C", ",").replace("=3D", "=") if named else ""
    return told if mechanism == "LOGIN" else ""
