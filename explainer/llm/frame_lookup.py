"""What a question about certain frames asks for outright: what Wireshark shows of them, and what they prove."""

from collections.abc import Collection, Iterator, Sequence

from explainer.model import Analysis, Claim
from explainer.protocols.frame_index import Sight
from explainer.wording import frame_list

_FRAMES, _STEPS = 8, 4


def told(analysis: Analysis, sights: Sequence[Sight], asked: Collection[int]) -> Iterator[Claim]:
    """Yield what each frame is, and what findings rest on it; frames that are not there are named first."""
    absent = sorted(set(asked) - {sight.frame for sight in sights})
    if absent:
        yield Claim(text=f"This capture holds no {frame_list(absent)}: it has {analysis.info.frames:,} frames.")
    for sight in sights[:_FRAMES]:
        at = f" at {sight.time_s:.6f} s" if sight.time_s is not None else ""
        ends = f" from {sight.ends[0]} to {sight.ends[1]}" if any(sight.ends) else ""
        text = f"Frame {sight.frame}{at} is a packet of {sight.protocol}{ends}, {sight.length:,} bytes: {sight.info}"
        yield Claim(text=text, frames=(sight.frame,))
        steps = (
            (step.text, finding) for finding in analysis.findings for step in finding.evidence.steps
            if sight.frame in step.frames
        )  # fmt: skip
        for step, finding in list(steps)[:_STEPS]:
            text = f"It is evidence for a finding: {step}. {finding.title}"
            yield Claim(text=text, frames=(sight.frame,), sources=(finding.id,))
