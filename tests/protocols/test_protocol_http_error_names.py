"""What services call their errors in the text of an answer: known names alone, and from the field that holds one."""

import pytest

from explainer.protocols.http_bodies import Form
from explainer.protocols.http_complaints import RED
from explainer.protocols.http_error_names import CODES, JSON_RPC, PHRASES, REASONS, in_challenge, named
from explainer.rules.http_error_meanings import BY_NAME

S3 = '<?xml version="1.0"?><Error><Code>{}</Code><Message>secret-bucket</Message></Error>'
STATUS = ["/kind:Status", "/status:Failure", '/message:pods is forbidden: User "ci" cannot list', "/reason:Forbidden"]


@pytest.mark.parametrize(
    ("lines", "form", "expected"),
    [
        ([S3.format("RequestTimeTooSkewed")], Form.XML, "RequestTimeTooSkewed"),
        (["<Error>", "<Code>", "SlowDown", "</Code>"], Form.XML, "SlowDown"),
        ([S3.format("SomethingElse")], Form.XML, ""),
        (["/error/root_cause/[]/type:cluster_block_exception"], Form.JSON, "cluster_block_exception"),
        (["/error:invalid_grant", "/error_description:x"], Form.JSON, "invalid_grant"),
        (["/errors/[]/code:MANIFEST_UNKNOWN"], Form.JSON, "MANIFEST_UNKNOWN"),
        (["/__type:com.amazon.coral#ThrottlingException"], Form.JSON, "ThrottlingException"),
        (["/jsonrpc:2.0", "/id:7", "/error/code:-32601"], Form.JSON, "JSON-RPC: Method not found"),
        (["/id:7", "/error/code:-32601"], Form.JSON, ""),
        (["/jsonrpc:2.0", "/error/code:-32000"], Form.JSON, ""),
        (["/errors/[]/extensions/code:GRAPHQL_VALIDATION_FAILED"], Form.JSON, "GRAPHQL_VALIDATION_FAILED"),
        (['/errors/[]/message:Cannot query field "emial" on type "User".'], Form.JSON, "Cannot query field"),
        (STATUS, Form.JSON, "Kubernetes: Forbidden"),
        (STATUS[1:], Form.JSON, ""),
        (["/errors/[]:Vault is sealed"], Form.JSON, "vault is sealed"),
        (["/user:invalid_grant"], Form.JSON, ""),
        (["no healthy upstream"], Form.TEXT, "no healthy upstream"),
        (["/message:jwt expired"], Form.JSON, "token expired"),
        (["/message:The incoming token has expired"], Form.JSON, "token expired"),
        (["/message:Your session was closed, and the coupon expired"], Form.JSON, ""),
        (["/error/message:invalid signature"], Form.JSON, "token signature"),
        (["Blocked by ModSecurity, request blocked"], Form.TEXT, "web application firewall"),
        (["Your IP address has been blocked."], Form.TEXT, "address blocked"),
        (["<h1>Forbidden</h1> <p>CSRF verification failed.</p>"], Form.TEXT, "csrf"),
        (["connect ECONNREFUSED 10.0.0.7:5432"], Form.TEXT, "connection refused"),
        (["Retry if the connection was refused."], Form.TEXT, ""),
        (["deadlock found " + "x" * 2000], Form.TEXT, ""),
        ([], Form.TEXT, ""),
    ],
)
def test_names(lines: list[str], form: Form, expected: str) -> None:
    assert named(lines, form) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('Bearer realm="api"', ""),
        ('Bearer error="invalid_token"', "invalid_token"),
        ('Bearer realm="a", error="invalid_token", error_description="The access token expired"', "token expired"),
        ('Bearer error="invalid_token", error_description="The audience \'x\' is invalid"', "token audience"),
        ('Bearer error="insufficient_scope", scope="secret_name"', "insufficient_scope"),
        ('Bearer error="something else"', ""),
        ("Negotiate", ""),
    ],
)
def test_challenges_name_their_error(value: str, expected: str) -> None:
    assert in_challenge([value]) == expected


def test_every_name_has_a_meaning() -> None:
    assert set(BY_NAME) == CODES | REASONS | set(JSON_RPC.values()) | set(PHRASES) | {RED}
