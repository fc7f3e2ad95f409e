"""The names that well-known services give their errors in the text of a response, in words of a known vocabulary only.

Rule: as in http_complaints, nothing of a text gets out but what stands in the tables here: codes of APIs, whole and as
the value of a field that holds one, and phrases by a name of their own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from explainer.protocols.http_bodies import Form
from explainer.protocols.http_complaints import HYPOTHETICAL

# Amazon S3 and those that speak like it, AWS, Azure Storage.
_STORES = """RequestTimeTooSkewed SignatureDoesNotMatch InvalidAccessKeyId AccessDenied ExpiredToken InvalidToken
NoSuchBucket NoSuchKey NoSuchUpload SlowDown EntityTooLarge RequestTimeout BadDigest AuthorizationHeaderMalformed
BucketAlreadyExists PermanentRedirect TemporaryRedirect QuotaExceeded XMinioStorageFull AuthenticationFailed
AuthorizationFailure AuthorizationPermissionMismatch ContainerNotFound BlobNotFound ServerBusy ExpiredTokenException
UnrecognizedClientException InvalidSignatureException AccessDeniedException ThrottlingException Throttling
RequestLimitExceeded ProvisionedThroughputExceededException ResourceNotFoundException TooManyRequestsException"""
# Elasticsearch and OpenSearch: the exceptions' types.
_SEARCH = """cluster_block_exception es_rejected_execution_exception rejected_execution_exception
circuit_breaking_exception index_not_found_exception security_exception version_conflict_engine_exception
mapper_parsing_exception document_parsing_exception strict_dynamic_mapping_exception resource_already_exists_exception
master_not_discovered_exception cluster_manager_not_discovered_exception unavailable_shards_exception
no_shard_available_action_exception"""
# OAuth 2.0: RFC 6749 section 5.2, RFC 6750 section 3.1, RFC 8628 section 3.5.
_OAUTH = """invalid_grant invalid_client unauthorized_client unsupported_grant_type invalid_scope invalid_token
insufficient_scope redirect_uri_mismatch authorization_pending slow_down expired_token"""
# Registries of container images: the OCI distribution specification, "Error Codes".
_REGISTRIES = "MANIFEST_UNKNOWN NAME_UNKNOWN BLOB_UNKNOWN DENIED TOOMANYREQUESTS"
# GraphQL servers of Apollo's kind: its documentation, "Error Handling".
_GRAPHQL = """GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED BAD_USER_INPUT UNAUTHENTICATED FORBIDDEN
INTERNAL_SERVER_ERROR"""
CODES = frozenset(" ".join((_STORES, _SEARCH, _OAUTH, _REGISTRIES, _GRAPHQL)).split())
JSON_RPC = {
    "-32700": "JSON-RPC: Parse error", "-32600": "JSON-RPC: Invalid Request", "-32601": "JSON-RPC: Method not found",
    "-32602": "JSON-RPC: Invalid params", "-32603": "JSON-RPC: Internal error",
}  # fmt: skip
"""JSON-RPC 2.0, section 5.1."""
KUBERNETES = "Kubernetes: "
"""Stands before the reason of a Kubernetes API's "Status", whose words are everybody's."""
REASONS = frozenset(
    f"{KUBERNETES}{reason}"
    for reason in ("Forbidden", "NotFound", "AlreadyExists", "Conflict", "Expired", "Invalid", "Unauthorized")
)
PHRASES = {
    "Cannot query field": r"cannot query field",
    "vault is sealed": r"vault is sealed",
    "no cluster leader": r"no (?:cluster )?leader\b|leader (?:not elected|is unknown)",
    "database space exceeded": r"database space exceeded",
    "no healthy upstream": r"no healthy upstream",
    "no server is available": r"no server is available to handle this request",
    "upstream connect error": r"upstream connect error or disconnect/reset before headers",
    "upstream request timeout": r"upstream request timeout",
    "default backend": r"default backend - 404",
    "invalid host header": r"invalid host header|invalid http_host header",
    "csrf": r"csrf (?:verification failed|(?:token|cookie)[ \w]{0,12} (?:missing|invalid|mismatch|incorrect|not set))"
    r"|(?:missing|invalid) csrf[ -]token|invalidauthenticitytoken",
    "too many connections": r"too many (?:open |client |database )?(?:connections|clients)"
    r"|remaining connection slots are reserved",
    "no connection available": r"connection is not available, request timed out|queuepool limit"
    r"|connection pool (?:is )?(?:exhausted|full)|timeout[ \w]{0,40} connection from (?:the )?pool",
    "no space left": r"no space left on device|disk (?:is )?full|insufficient storage",
    "deadlock": r"deadlock (?:found|detected)",
    "database is locked": r"database is locked|lock wait timeout exceeded",
    "read-only": r"read[- ]only (?:file ?system|transaction|replica|mode)|index read-only",
    "connection refused": r"\beconnrefused\b|connect(?:ion)? (?:was )?refused",
    "host not found": r"\benotfound\b|no such host|name or service not known|could not resolve host"
    r"|temporary failure in name resolution|unknownhostexception",
    "connection timed out": r"\betimedout\b|connect(?:ion)? (?:attempt )?timed out|connect timeout",
    "certificate not accepted": r"certificate[ _](?:verify[ _]failed|has[ _]expired|signed by unknown authority)"
    r"|unable to (?:get local issuer certificate|find valid certification path)",
    "rate limit": r"rate limit (?:has been )?exceeded|exceeded[ \w]{0,20} rate limit|quota (?:has been )?exceeded",
    "token expired": r"\b(?:jwt|(?:access |id |bearer |security |session |auth(?:entication)? )?token)"
    r"(?: has| is| was)?[ _]expired|tokenexpired(?:error|exception)?\b|expired (?:jwt|(?:access )?token)"
    r"|expiredsignature(?:error)?\b|signature has expired|access token expiry utc time",
    "token signature": r"(?:jwt|token) signature|invalid signature|signature (?:is )?invalid"
    r"|signature (?:verification|validation) fail|signature key was not found",
    "token audience": r"(?:jwt |token )?audience (?:'[^']{0,200}' )?(?:is )?invalid|invalid (?:jwt |token )?audience"
    r"|audience (?:validation failed|did not match)",
    "token issuer": r"(?:jwt |token )?issuer (?:'[^']{0,200}' )?(?:is )?invalid|invalid (?:jwt |token )?issuer"
    r"|issuer (?:validation failed|did not match)",
    "web application firewall": r"web application firewall|blocked by (?:mod_?security|our security|(?:the |a )?waf\b)"
    r"|request (?:was |has been )?blocked|sorry, you have been blocked|the requested url was rejected\. please consult",
    "address blocked": r"your ip(?: address)? (?:has been|is|was) (?:blocked|banned|denied|not allowed)"
    r"|ip address (?:is )?not (?:allowed|authori[sz]ed|permitted|whitelisted)"
    r"|block access from your country",
    "metadata header": r"missing (?:required )?metadata-flavor|required metadata header",
}
"""Phrases of a text, by the name that they are told by."""

_CODE_FIELDS = re.compile(r"(?:^|/)(?:code|type|__type|error|errors|\[\])$", re.IGNORECASE)
_XML_CODE = re.compile(r"<[Cc]ode>\s*(\w{1,60})\s*</[Cc]ode>")
_PARAMETER = re.compile(r'\b(error|error_description)\s*=\s*"([^"]*)"', re.IGNORECASE)
_STATUS, _REASON = "/kind:Status", "/reason:"
_CALLS, _CALL_CODE = "/jsonrpc:2.0", "/error/code"
_MARKUP = re.compile(r"<[^>]{0,200}>|&#?\w{1,8};")
_LONGEST = 2000
"""Characters: a longer text is a page or a trace, in which such words may mean anything."""


def named(lines: Sequence[str], form: Form) -> str:
    """Return the name of the error that the text of an error page tells, or "".

    The lines are those of a text, or JSON's values, each behind its path ("/error/code:7").
    """
    codes = map(_known, _XML_CODE.findall(" ".join(lines))) if form is Form.XML else _of_json(lines)
    return next(filter(None, codes), "") or _phrase(lines)


def in_challenge(values: Iterable[str]) -> str:
    """Return the name of the error that a challenge tells (WWW-Authenticate: RFC 6750, section 3), or ""."""
    told = [(match[1].lower(), match[2]) for value in values for match in _PARAMETER.finditer(value)]
    codes = (_known(text) for name, text in told if name == "error")
    return _phrase(text for name, text in told if name == "error_description") or next(filter(None, codes), "")


def _known(code: str) -> str:
    return code if code in CODES else ""


def _of_json(values: Sequence[str]) -> Iterator[str]:
    status, calls = _STATUS in values, _CALLS in values
    for value in values:
        path, _, text = value.partition(":")
        if _CODE_FIELDS.search(path):
            yield _known(text.rpartition("#")[2])
        reason = f"{KUBERNETES}{text}"
        if calls and path == _CALL_CODE:
            yield JSON_RPC.get(text, "")
        if status and value.startswith(_REASON) and reason in REASONS:
            yield reason


def _phrase(lines: Iterable[str]) -> str:
    text = _MARKUP.sub(" ", " ".join(lines))
    if len(text) > _LONGEST:
        return ""
    found = ((name, re.search(phrase, text, re.IGNORECASE)) for name, phrase in PHRASES.items())
    return next((name for name, at in found if at and not HYPOTHETICAL.search(text[: at.start()])), "")
