"""Passwords, cookies and payload of the lab's captures are in no analysis, whatever it is asked about."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.scenarios.applications import PASSWORD, USER, WRONG

from explainer.model import Analysis

SECRETS = (
    "hunter2", "s3cr3t-cookie", PASSWORD, WRONG,
    *(b64encode(text.encode()).decode().rstrip("=") for text in (
        "alice:hunter2-basic", f"{USER}:{PASSWORD}", f"\0{USER}\0{PASSWORD}", f"\0{USER}\0{WRONG}", PASSWORD, WRONG,
    )),
)  # fmt: skip


@pytest.mark.parametrize(
    "name", ["http_secrets_healthy", "http_sign_in_healthy", "imap_password_in_clear", "ldap_wrong_password"]
)
def test_no_secret_enters_the_analysis(name: str, analysis_of: Callable[[str], Analysis], captures: Path) -> None:
    recorded = (captures / f"{name}.pcapng").read_bytes()
    assert [secret for secret in SECRETS if secret.encode() in recorded], "there would be nothing to look for"
    text = analysis_of(name).model_dump_json()
    assert [secret for secret in SECRETS if secret in text] == []
