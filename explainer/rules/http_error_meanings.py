"""What the errors that well-known services name in the text of their answers mean, and who must act."""

from typing import NamedTuple

from explainer.model import Side


class Meaning(NamedTuple):
    """The cause, as it ends a sentence about the server ("it"), whose side must act, and how."""

    cause: str
    side: Side
    act: str


def _client(cause: str, act: str) -> Meaning:
    return Meaning(cause, Side.CLIENT, f"The client must {act}.")


def _server(cause: str, act: str) -> Meaning:
    return Meaning(cause, Side.SERVER, f"The server's side must {act}.")


def _either(cause: str, act: str) -> Meaning:
    return Meaning(cause, Side.EITHER, act)


METADATA_HEADER = _client(
    "the metadata service wants a header of its own, so that nobody asks by mistake",
    "send that header (Metadata-Flavor: Google, or Metadata: true), as the cloud's own programs do",
)
METADATA_TOKEN = _client(
    "the metadata service wants a session token first (IMDSv2)",
    "fetch a token (PUT /latest/api/token) and send it: newer programs and SDKs do",
)
_EXPIRED = _client("the token (temporary credentials) of the request has expired", "renew its credentials")
_SIGNATURE = _client(
    "the signature of the request is not what it computes: the secret key is wrong, or the request was changed on its"
    " way, by a proxy for instance",
    "use the secret key that belongs to its access key, and send the request as it signed it",
)
_UNKNOWN_KEY = _client("it does not know the access key", "use a key that exists and is active there")
_DENIED = _either(
    "its policy does not permit this to whoever asks",
    "Either its side must permit this in the policy, or the client must use other credentials.",
)
_THROTTLED = _client(
    "it throttles: it gets more requests than it lets this client send",
    "ask less often, and wait before it tries again",
)
_NOT_THERE = _either(
    "what is asked for does not exist there",
    "Either the client must correct the name (or the region or account), or it must be made there.",
)
_NO_BUCKET = _either(
    "the bucket (container) that is asked for does not exist there",
    "Either the client must correct its name (or the region or account), or it must be made there.",
)
_QUERY = _client("the query does not fit its schema (fields, types or arguments)", "correct the query")
_FULL = _server("it has no room left to store it", "make room, or raise the quota")
_BUSY = _server(
    "it has more to do than it can take (its queue, or its memory, is full)", "give it more capacity, or less to do"
)
_BLOCKED = _server(
    "its index or cluster is blocked for this (read-only, most often because its disk is nearly full)",
    "free or add disk space, and lift the block",
)
_NO_MASTER = _server(
    "its cluster has no leader, or lacks the nodes that hold the data", "bring up the missing nodes of the cluster"
)
_MAPPING = _client("the document does not fit the fields of the index (its mapping)", "correct the document's fields")
_NOTHING_BEHIND = _server(
    "none of the servers behind it can take the request: all are down, as its health checks see it, or busy",
    "see to the servers behind the load balancer, and to its health checks",
)
_NO_DATABASE = _server(
    "no connection to something it needs (its database, most often) is free: too many are open",
    "see what holds the connections, or raise their number",
)

BY_NAME = {
    "RequestTimeTooSkewed": _client(
        "the client's clock differs too much from its own", "set its clock right (NTP), or the server's side its own"
    ),
    "SignatureDoesNotMatch": _SIGNATURE,
    "InvalidSignatureException": _SIGNATURE,
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "InvalidToken": _client("the token of the request is malformed or not valid", "use valid credentials"),
    "AuthenticationFailed": _client(
        "it cannot authenticate the request: its signature, key or token is wrong or expired, or the clock is",
        "use a valid key or token, and a clock that is right",
    ),
    "AuthorizationHeaderMalformed": _client(
        "the signature of the request is for another region, or malformed", "sign for the region of the bucket"
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "TemporaryRedirect"),
        _client(
            "the bucket is kept in another region, or under another address (endpoint) than the client asks",
            "use the region and the endpoint of the bucket",
        ),
    ),
    "RequestTimeout": _client("it waited too long for the rest of the upload", "send what it announced, and sooner"),
    "BadDigest": _client("what arrived does not fit the checksum that was sent with it", "send it again"),
    "EntityTooLarge": _client("the object is too large for one upload", "upload it in parts"),
    "BucketAlreadyExists": _client("the name of the bucket is taken", "choose another name"),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException"), _EXPIRED),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "AuthorizationFailure", "AuthorizationPermissionMismatch", "DENIED"),
        _DENIED,
    ),
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound"), _NO_BUCKET),
    **dict.fromkeys(("NoSuchKey", "NoSuchUpload", "BlobNotFound", "ResourceNotFoundException"), _NOT_THERE),
    **dict.fromkeys(
        (
            "SlowDown", "ServerBusy", "ThrottlingException", "Throttling", "RequestLimitExceeded",
            "ProvisionedThroughputExceededException", "TooManyRequestsException",
        ),
        _THROTTLED,
    ),
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull", "no space left"), _FULL),
    "cluster_block_exception": _BLOCKED,
    **dict.fromkeys(
        ("es_rejected_execution_exception", "rejected_execution_exception", "circuit_breaking_exception"), _BUSY
    ),
    "index_not_found_exception": _NOT_THERE,
    "security_exception": _either(
        "the user or key is not accepted, or may not do this",
        "Either the client must use valid credentials, or the server's side must give them the role that this needs.",
    ),
    "version_conflict_engine_exception": _client(
        "the document was changed in the meantime (version conflict)", "read its present version, and try again"
    ),
    **dict.fromkeys(
        ("mapper_parsing_exception", "document_parsing_exception", "strict_dynamic_mapping_exception"), _MAPPING
    ),
    "resource_already_exists_exception": _client("it exists already", "use what is there, or another name"),
    **dict.fromkeys(
        (
            "master_not_discovered_exception", "cluster_manager_not_discovered_exception", "no cluster leader",
            "unavailable_shards_exception", "no_shard_available_action_exception",
        ),
        _NO_MASTER,
    ),
    "invalid_grant": _client(
        "the code, refresh token or password that was sent for a token is wrong, expired, revoked or used before",
        "sign in anew, or send the one that was issued to it",
    ),
    "invalid_client": _client(
        "it does not accept the client's own credentials (client id and secret)", "use the id and secret set up there"
    ),
    "unauthorized_client": _either(
        "this client may not get a token in this way (grant type)", "The client's registration must permit it."
    ),
    "unsupported_grant_type": _client("it knows no such way to a token (grant type)", "use one that it supports"),
    "invalid_scope": _client("it does not grant the scope that is asked for", "ask for one that it may have"),
    "invalid_token": _client("the access token is expired, revoked or malformed", "get a new access token"),
    "insufficient_scope": _client("the access token does not permit this (scope)", "get one with the scope for it"),
    "authorization_pending": _client(
        "nobody has allowed the device yet (on another one), and until then it asks to come back",
        "wait, until its user has entered the code",
    ),
    "slow_down": _client("the device asks too soon whether it is allowed", "wait for longer between its questions"),
    "expired_token": _client("nobody allowed the device in time: its code has expired", "begin anew"),
    "redirect_uri_mismatch": _either(
        "the address to come back to is not one that is registered (redirect URI)",
        "Either the client must send the registered one, or it must be registered.",
    ),
    "MANIFEST_UNKNOWN": _either(
        "the registry has no such tag or version of the image",
        "Either the client must correct the tag, or the image must be pushed.",
    ),
    "NAME_UNKNOWN": _either(
        "the registry has no such repository", "Either the client must correct the name, or the image must be pushed."
    ),
    "BLOB_UNKNOWN": _server("the registry lacks a layer of the image", "have the image pushed again"),
    "TOOMANYREQUESTS": _client(
        "its limit of pulls is used up for this client, or its address", "wait, sign in, or pull through a mirror"
    ),
    "Kubernetes: Forbidden": _either(
        "the account that asks may not do this (RBAC)",
        "Either a role must be bound to that account, or the client must use another account.",
    ),
    "Kubernetes: Unauthorized": _client("it does not accept the token or certificate", "use valid credentials"),
    "Kubernetes: NotFound": _NOT_THERE,
    "Kubernetes: AlreadyExists": _client("it exists already", "change what is there, or use another name"),
    "Kubernetes: Conflict": _client("the object was changed in the meantime", "read it anew, and try again"),
    "Kubernetes: Expired": _client("the version that it goes on from is too old", "list everything anew"),
    "Kubernetes: Invalid": _client("the object is not valid", "correct the fields that the answer names"),
    **dict.fromkeys(("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"), _QUERY),
    "Cannot query field": _client("the query asks for a field that its schema does not have", "correct the query"),
    "GRAPHQL_PARSE_FAILED": _client("it cannot read the query: its syntax is wrong", "correct the query"),
    "UNAUTHENTICATED": _client("it wants a sign-in, or does not accept the one given", "sign in anew"),
    "FORBIDDEN": _DENIED,
    "INTERNAL_SERVER_ERROR": _server("the application on it failed", "look up its log of this moment"),
    "JSON-RPC: Parse error": _client("it cannot read the call", "correct what it sends"),
    "JSON-RPC: Invalid Request": _client("it does not accept the call as it is", "correct what it sends"),
    "JSON-RPC: Method not found": _either(
        "it has no method of that name",
        "Either the client must call one that is there, or the server's side must offer this one.",
    ),
    "JSON-RPC: Invalid params": _client("the call's parameters do not fit the method", "correct them"),
    "JSON-RPC: Internal error": _server("the method failed", "look up its log of this moment"),
    "status: red": _server(
        "a part of the cluster's data (a primary shard) cannot be reached, so searches lack it",
        "see which shards are not assigned and why (a node is down, a disk is full), and bring them back",
    ),
    "vault is sealed": _server("it is sealed: it was restarted and not unsealed since", "unseal it"),
    "database space exceeded": _server("its database has reached its quota", "compact it, or raise the quota"),
    **dict.fromkeys(("no healthy upstream", "no server is available"), _NOTHING_BEHIND),
    "upstream connect error": _server(
        "it got no connection to the service behind it, or lost it before an answer", "see to the service behind it"
    ),
    "upstream request timeout": _server("the service behind it did not answer in time", "see to the service behind it"),
    "default backend": _either(
        "its ingress has no rule for this host name and path",
        "Either the client must correct the name or path, or the server's side must add a rule for it.",
    ),
    "invalid host header": _either(
        "it does not serve the host name that was asked for",
        "Either the client must ask for a name that it serves, or the server's side must permit this name.",
    ),
    "csrf": _client(
        "the token against forged requests (CSRF) is missing, or not the session's",
        "load the form anew, and let cookies pass",
    ),
    **dict.fromkeys(("too many connections", "no connection available"), _NO_DATABASE),
    "deadlock": _server("its database found a deadlock and broke it off", "have it tried again, and see what locks"),
    "database is locked": _server("something else holds the lock on its data", "see what holds the lock"),
    "read-only": _server("what it writes to is read-only", "make it writable, or write elsewhere"),
    "connection refused": _server(
        "something that it needs itself refuses its connection", "see which service that is, and start it"
    ),
    "host not found": _server("a name that it needs itself does not resolve", "correct that name, or its name service"),
    "connection timed out": _server(
        "it gets no connection to something that it needs itself", "see which service that is, and the path to it"
    ),
    "certificate not accepted": _server(
        "it does not accept the certificate of something that it needs itself", "see to that certificate"
    ),
    "token expired": _client("the token that the client sent has expired", "get a new one, and sign in with that"),
    "token signature": _either(
        "it does not accept the signature: of the token, or of the request",
        "Either the client must sign with the right key, or the server's side must know the key of who signed it.",
    ),
    "token audience": _client("the token is meant for another service (its audience)", "get one for this service"),
    "token issuer": _either(
        "the token comes from an issuer that it does not accept",
        "Either the client must get its token from the right issuer, or the server's side must accept this one.",
    ),
    "web application firewall": _either(
        "a web application firewall, or a rule like one, blocks the request",
        "Either the client must send it otherwise, or whoever runs that firewall must permit it.",
    ),
    "address blocked": _either(
        "it blocks the address that the client comes from, or its country",
        "Whoever runs the server must permit that address, or the client must come from another one.",
    ),
    "rate limit": _client("the client asks too often", "ask less often"),
    "metadata header": METADATA_HEADER,
}  # fmt: skip
"""By the names of http_error_names."""
