"""The ladder diagram: two hosts, an arrow a packet, the failing step marked; each packet leads to its fields."""

import re

from explainer.charts.svg import element, shortened, words
from explainer.report import Ladder, Rung
from explainer.wording import count

_WIDTH, _LEFT, _RIGHT = 460, 66, 448
_TOP, _STEP, _GAP = 44, 34, 22
_MOST_CHARACTERS, _MOST_BOLD, _MOST_NAME = 52, 48, 26
_HEAD = 7
_PLAIN = re.compile(r"\d+ → \d+ | TSval=\d+| TSecr=\d+")


def ladder(found: Ladder) -> str:
    """Return the diagram as SVG; every rung is a link to "#frame-N"."""
    parts, y = list[str](), float(_TOP)
    for rung in found.rungs:
        if rung.skipped:
            parts.append(_skipped(rung.skipped, y))
            y += _GAP
        parts.append(_rung(found, rung, y))
        y += _STEP
    if found.skipped:
        parts.append(_skipped(found.skipped, y))
        y += _GAP
    failing = next((rung for rung in found.rungs if rung.failing), None)
    step = f" It fails at frame {failing.frame}: {'; '.join(failing.said)}" if failing else ""
    description = f"{count(len(found.rungs), 'packet')} between {found.left} and {found.right}.{step}"
    return element(
        "svg",
        element("title", words("The conversation that decides, packet by packet"), id="ladder-title"),
        element("desc", words(description), id="ladder-desc"),
        _host(found.left, _LEFT),
        _host(found.right, _RIGHT),
        element("line", x1=_LEFT, y1=_TOP - 14, x2=_LEFT, y2=y, class_="life"),
        element("line", x1=_RIGHT, y1=_TOP - 14, x2=_RIGHT, y2=y, class_="life"),
        *parts,
        viewBox=f"0 0 {_WIDTH} {y + 6:.0f}",
        class_="chart ladder",
        role="group",
        aria_labelledby="ladder-title ladder-desc",
    )


def _host(name: str, x: float) -> str:
    anchor = "start" if x < _WIDTH / 2 else "end"
    return element("text", words(shortened(name, _MOST_NAME)), x=x if anchor == "end" else 0, y=16,
                   text_anchor=anchor, class_="host")  # fmt: skip


def _rung(found: Ladder, rung: Rung, y: float) -> str:
    rightward = rung.source == found.left or (rung.source != found.right and rung.destination == found.right)
    start, end = (_LEFT, _RIGHT) if rightward else (_RIGHT, _LEFT)
    tip = end - _HEAD if rightward else end + _HEAD
    line = y + 18
    kind = "failing" if rung.failing else "cited" if rung.cited else "plain"
    stranger = "" if rung.source in (found.left, found.right) else f"{rung.source}: "
    label = f"{rung.protocol} {stranger}{_PLAIN.sub('', rung.info)}" if not rung.said else rung.said[-1]
    label = shortened(label, _MOST_CHARACTERS if kind == "plain" else _MOST_BOLD)
    time = "" if rung.time_s is None else f"{rung.time_s:.6f}".rstrip("0").rstrip(".") + " s"
    spoken = f"frame {rung.frame}, {rung.source} to {rung.destination}: {_said(rung)}"
    return element(
        "a",
        element("title", words(spoken)),
        element("rect", x=0, y=y, width=_WIDTH, height=_STEP - 2, class_="band"),
        element("text", words(str(rung.frame)), x=_LEFT - 8, y=y + 13, text_anchor="end", class_="number"),
        element("text", words(time), x=_LEFT - 8, y=y + 25, text_anchor="end", class_="time"),
        element("text", words(label), x=(_LEFT + _RIGHT) / 2, y=y + 13, text_anchor="middle", class_="label"),
        element("line", x1=start, y1=line, x2=tip, y2=line, class_="arrow"),
        element("path", d=_head(end, line, rightward=rightward), class_="head"),
        href=f"#frame-{rung.frame}",
        class_=f"rung {kind}",
        aria_label=f"{'Failing step: ' if rung.failing else ''}{spoken}",
    )


def _said(rung: Rung) -> str:
    return rung.said[-1] if rung.said else rung.info


def _head(x: float, y: float, *, rightward: bool) -> str:
    back = x - _HEAD if rightward else x + _HEAD
    return f"M{x:g} {y:g}L{back:g} {y - 4:g}L{back:g} {y + 4:g}Z"


def _skipped(packets: int, y: float) -> str:
    text = words(f"{count(packets, 'packet')} not shown")
    return element("text", text, x=(_LEFT + _RIGHT) / 2, y=y + 12, text_anchor="middle", class_="skipped")
