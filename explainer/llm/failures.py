"""What the client library raises, as sentences: what is the matter, and what to do."""

from explainer.errors import ExplainerError, ModelError, TooLongError

ASK_OFFLINE = "Ask again without --model: the answer from the findings needs no model."
_LONGEST_WAIT_S, _SHORT_WAIT_S = 30.0, 2.0
_REFUSED_REQUESTS = (400, 404, 405, 415, 422, 500, 501)


def failure(error: Exception) -> ExplainerError:
    """Return the error as a sentence about what is the matter; subclasses stand before their parents."""
    import openai

    if isinstance(error.__cause__, ExplainerError):  # our own, raised while the request was made
        return error.__cause__
    code = getattr(error, "code", None)
    match error:
        case openai.APITimeoutError():
            said = "The model's server did not answer in time."
        case openai.APIConnectionError():
            said = "The model's server cannot be reached."
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            said = "The model's server does not accept the key."
        case openai.RateLimitError() if code == "insufficient_quota":
            said = "The account of this key has no quota left."
        case openai.RateLimitError():
            said = "The model's server is asked too often at the moment."
        case openai.NotFoundError():
            said = "The model's server knows no such model."
        case openai.BadRequestError() if code == "context_length_exceeded":
            return TooLongError("The brief is too long for this model: make it smaller with --budget.", ASK_OFFLINE)
        case openai.BadRequestError() if code == "content_filter":
            said = "The model's server refuses the question (content filter)."
        case openai.APIStatusError():
            said = f"The model's server answered with the error {error.status_code}."
        case openai.APIError():  # an error event within a stream
            said = "The model's server broke off its answer with an error."
        case _:
            said = "The model's answer could not be read."
    return ModelError(said, ASK_OFFLINE)


def waiting_s(error: Exception) -> float | None:
    """Return how long to wait before asking again, None where that will not help."""
    import openai

    if not isinstance(error, openai.RateLimitError) or error.code == "insufficient_quota":
        return None
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            pause = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        return pause if pause <= _LONGEST_WAIT_S else None
    return _SHORT_WAIT_S


def is_refused_request(error: Exception) -> bool:
    """Return whether a server may take the same question if less is asked of it beside."""
    import openai

    plain = getattr(error, "code", None) in ("context_length_exceeded", "content_filter", "model_not_found")
    return isinstance(error, openai.APIStatusError) and error.status_code in _REFUSED_REQUESTS and not plain
