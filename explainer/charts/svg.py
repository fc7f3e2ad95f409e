"""Elements of SVG as text; every string is made visible and escaped."""

from html import escape

from explainer.escape import visible


def element(tag: str, *children: str, **attributes: str | float) -> str:
    """Return an element; an attribute's underscores become hyphens, and the last one goes (class_, text_anchor)."""
    said = "".join(f' {name.rstrip("_").replace("_", "-")}="{_plain(value)}"' for name, value in attributes.items())
    return f"<{tag}{said}>{''.join(children)}</{tag}>" if children else f"<{tag}{said}/>"


def words(text: str) -> str:
    """Return a text as it stands between tags."""
    return escape(visible(text))


def shortened(text: str, most: int) -> str:
    """Return the text, made visible, with "…" where it is longer than `most` characters.

    It ends between words, if there are any: of an address, the rest would be another address.
    """
    text = visible(text)
    if len(text) <= most:
        return text
    words_before, blank, _ = text[:most].rpartition(" ")
    return f"{words_before if blank else text[: most - 1]}…"


def chart(name: str, title: str, description: str, width: float, height: float, *children: str) -> str:
    """Return a whole picture, which a screen reader reads out as its title and description."""
    return element(
        "svg",
        element("title", words(title), id=f"{name}-title"),
        element("desc", words(description), id=f"{name}-desc"),
        *children,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        class_=f"chart {name}",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _plain(value: str | float) -> str:
    return escape(visible(value)) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
