"""What a model's tokens cost, by the price lists in the installed `genai-prices` package; nothing is fetched."""

from importlib.metadata import version

from explainer.settings import Settings

_MILLION = 1e6


def price(settings: Settings, prompt_tokens: int, completion_tokens: int = 0) -> tuple[float, str] | None:
    """Return what so many tokens cost and by which list, None where that is not known; the user's own prices win."""
    if settings.input_price is not None:
        output_price = settings.output_price or 0.0
        cost = prompt_tokens * settings.input_price + completion_tokens * output_price
        return cost / _MILLION, "by your own prices"
    # Imported here: it takes as long to load as a small capture takes to analyse.
    from genai_prices import Usage, calc_price

    used = Usage(input_tokens=prompt_tokens, output_tokens=completion_tokens)
    try:
        found = calc_price(used, settings.model, provider_api_url=settings.address)
    except LookupError:
        return None
    return float(found.total_price), f"USD by the list of genai-prices {version('genai-prices')}"
