import unicodedata

from brief import samples
from hypothesis import given
from hypothesis import strategies as st

from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.llm import conversation, fence
from explainer.model import Scope

NONCE = "0123456789abcdef"
HIDDEN = "".join(
    map(chr, (0x202E, 0x200B, 0x2066, 0xFEFF, 0xE0041, 0xFE0F, 0xE0100, 0x034F, 0x3164, 0x1B, 0x85, 0x2028))
)


@given(st.text(max_size=60))
def test_no_captured_string_makes_a_line_without_the_mark_or_hides_a_character(captured: str) -> None:
    scope = Scope(names=(captured,))
    found = samples.finding(scope=scope, title=f"The host {captured} {HIDDEN} refuses.")
    stat = samples.stat("tls", ("server_name",), [(captured + HIDDEN,)])
    brief = build(samples.analysis(samples.ran(found), stats=[stat]), "Why?", budget=9000, counter=ESTIMATE)
    sent = conversation.messages(brief, NONCE)[1].content
    inside = sent.partition(f"<brief {NONCE}>\n")[2].rpartition(f"\n</brief {NONCE}>")[0]
    assert all(line.startswith(fence.mark(NONCE)) for line in inside.splitlines())
    assert not set(HIDDEN) & set(inside)
    assert not [c for c in inside if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_a_long_name_does_not_hide_what_comes_after_it() -> None:
    line = f"The certificate of {'x' * 5000} expired 12 days ago."
    assert fence.marked(line, NONCE) == f"0123| The certificate of {'x' * 256}... expired 12 days ago."
    assert len(fence.marked("word " * 1000, NONCE)) < 620
