from typing import Any

import polars as pl
import pytest

from explainer.facts import Facts, View
from explainer.frame_table import FrameTable
from explainer.protocols.frame import FRAME, PROTOCOLS, with_layer

STACKS = ["eth:ethertype:ip:udp:isakmp", "isakmp", "eth:llc:isakmpx", None, "eth:ethertype:ip:tcp:sip:sdp"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("isakmp", 9), View((1, 2))),
        (("isakmp", 1, "isakmp"), View((1,), "isakmp")),
        (("isakmp|sip:sdp", 9), View((1, 2, 5))),
        (("sip", 9), View((5,))),
        (("bfd", 9), None),
    ],
    ids=["a layer", "the first ones", "one of two", "below another", "none"],
)
def test_the_frames_with_a_layer(arguments: tuple[Any, ...], expected: View | None) -> None:
    frames = pl.DataFrame({FRAME.field: [1, 2, 3, 4, 5], PROTOCOLS.field: STACKS})
    assert with_layer(*arguments)(Facts(FrameTable.of(frames), {})) == expected
