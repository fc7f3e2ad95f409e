"""A treemap: each protocol within the one that carries it, its area by its bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from explainer.charts.svg import chart, element, words

_WIDTH, _HEIGHT = 420, 250
_HEADER, _PAD, _LEAST = 15, 2, 3
_CHARACTER = 6.4


@dataclass(frozen=True)
class Node:
    """A protocol: its bytes, and those that it carries."""

    name: str
    size: float
    children: tuple["Node", ...] = ()


def treemap(name: str, title: str, description: str, roots: tuple[Node, ...]) -> str:
    """Return the picture; what would be narrower than a few pixels is left out of it."""
    if not sum(root.size for root in roots):
        return ""
    return chart(name, title, description, _WIDTH, _HEIGHT, *_split(roots, 0, 0, _WIDTH, _HEIGHT, 0))


def _split(nodes: tuple[Node, ...], x: float, y: float, width: float, height: float, depth: int) -> Iterator[str]:
    """Yield the nodes side by side, along the longer side."""
    total = sum(node.size for node in nodes)
    for node in sorted(nodes, key=lambda node: (-node.size, node.name)):
        share = node.size / total if total else 0
        across = width >= height
        wide, high = (width * share, height) if across else (width, height * share)
        if wide >= _LEAST and high >= _LEAST:
            yield from _node(node, x, y, wide, high, depth)
        x, y = (x + wide, y) if across else (x, y + high)


def _node(node: Node, x: float, y: float, width: float, height: float, depth: int) -> Iterator[str]:
    said = element("title", words(f"{node.name}: {node.size:,.0f} bytes"))
    yield element("rect", said, x=x, y=y, width=width - 1, height=height - 1, class_=f"c{depth % 8} cell")
    fits = len(node.name) * _CHARACTER + 6 <= width and height >= _HEADER
    if fits:
        yield element("text", words(node.name), x=x + 4, y=y + 11, class_=f"inside i{depth % 8}")
    carried = sum(child.size for child in node.children)
    if not carried:
        return
    top = _HEADER if fits else _PAD
    inner = (width - 2 * _PAD) * min(1.0, carried / node.size if node.size else 1.0)
    if height > top + _PAD:
        yield from _split(node.children, x + _PAD, y + top, inner, height - top - _PAD, depth + 1)
