"""Bars: stacked over time, and lying side by side with their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from explainer.charts.svg import chart, element, shortened, words

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 420, 200, 58, 10, 24
_ROW, _LABEL, _MOST_LABEL = 24, 168, 25


@dataclass(frozen=True)
class Series:
    """One colour of a stacked chart: its name, and its value in each interval (interval → value)."""

    name: str
    values: dict[float, float]


def stacked(name: str, title: str, description: str, series: Sequence[Series], unit: str) -> str:
    """Return bars over time (seconds), one an interval, the series on top of each other in their order."""
    times = sorted({time for one in series for time in one.values})
    if not times:
        return ""
    step = min((after - before for before, after in pairwise(times)), default=1.0)
    slots = round((times[-1] - times[0]) / step) + 1
    tall = max(sum(one.values.get(time, 0) for one in series) for time in times) or 1
    width, height = (_WIDTH - _LEFT) / max(slots, 10), _HEIGHT - _TOP - _BOTTOM
    parts, bottom = list[str](), dict.fromkeys(times, 0.0)
    for index, one in enumerate(series):
        for time, value in sorted(one.values.items()):
            if not value:
                continue
            size = value / tall * height
            x = _LEFT + round((time - times[0]) / step) * width
            y = _HEIGHT - _BOTTOM - bottom[time] - size
            bottom[time] += size
            said = element("title", words(f"{time:g} s, {one.name}: {value:,.0f} {unit}"))
            parts.append(element("rect", said, x=x, y=y, width=width * 0.9, height=max(size, 0.5), class_=f"c{index}"))
    end = _LEFT + (slots - 1) * width
    labels: list[tuple[float, str, str]] = [(_LEFT, "start", f"{times[0]:g} s")]
    if slots > 1:
        labels.append((max(end, _LEFT + 40), "middle" if end < _WIDTH - 40 else "end", f"{times[-1]:g} s"))
    axis = [
        element("text", words(text), x=x, y=_HEIGHT - 8, text_anchor=anchor, class_="axis")
        for x, anchor, text in labels
    ]
    most = element("text", words(f"{tall:,.0f}"), x=_LEFT - 6, y=_TOP + 8, text_anchor="end", class_="axis")
    ground = element("line", x1=_LEFT, y1=_HEIGHT - _BOTTOM, x2=_WIDTH, y2=_HEIGHT - _BOTTOM, class_="ground")
    return chart(name, title, description, _WIDTH, _HEIGHT, ground, most, *axis, *parts)


def lying(name: str, title: str, description: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Return a bar for each row of label, value and what is written at its end."""
    if not rows:
        return ""
    tall = max(value for _, value, _ in rows) or 1
    room = _WIDTH - _LABEL - 70
    parts = list[str]()
    for index, (label, value, said) in enumerate(rows):
        y = index * _ROW
        size = max(value / tall * room, 1)
        parts += [
            element("text", element("title", words(label)), words(shortened(label, _MOST_LABEL)),
                    x=_LABEL - 8, y=y + 16, text_anchor="end", class_="axis"),
            element("rect", x=_LABEL, y=y + 4, width=size, height=_ROW - 8, class_="c0"),
            element("text", words(said), x=_LABEL + size + 6, y=y + 16, class_="axis"),
        ]  # fmt: skip
    return chart(name, title, description, _WIDTH, len(rows) * _ROW + 4, *parts)
