"""Answers that go back in another VLAN than the one in which they were asked for (IEEE 802.1Q)."""

from collections.abc import Collection

from explainer.lazy import pl
from explainer.model import Finding

_VLAN = "VLAN"


def numbers(tags: "pl.DataFrame", frames: Collection[int]) -> set[int]:
    """Return the VLANs that these frames are tagged with."""
    own = tags.filter((pl.col("kind") == _VLAN) & pl.col("frame").is_in(list(frames)))
    return set(own["number"].unique())


def apart(finding: Finding, tags: "pl.DataFrame", asked: Collection[int], answered: Collection[int]) -> Finding:
    """Return the finding of answers that do not arrive, where that is because of their VLAN.

    What a router passes on from one VLAN to the other is seen in both of them.
    """
    there, back = (numbers(tags, frames) for frames in (asked, answered)) if tags.height else (set[int](), set[int]())
    if len(there) != 1 or len(back) != 1 or there == back:
        return finding
    one, other = there.pop(), back.pop()
    return finding.model_copy(
        update={
            "title": f"{finding.title.partition(':')[0]}: they go back in VLAN {other}, and the client asks in VLAN"
            f" {one}.",
            "act": f"Whoever runs the switches must act: both hosts have to be in one VLAN ({one} or {other}), or a"
            " router between the two has to know the way back.",
            "measured": {**finding.measured, "vlan_asked": one, "vlan_answered": other},
            "advice": (
                "Compare the VLANs of the switch ports of both hosts (access VLAN, native VLAN of trunks, port group of"
                " virtual machines).",
                *finding.advice,
            ),
        }
    )
