import pytest

from explainer.facts import Facts
from explainer.frame_table import FrameTable
from explainer.lazy import pl
from explainer.stats.expert import EXPERT, expert, told

MESSAGES = ["GET /a?user=anna HTTP/1.1\\r\\n", "GET /a?user=bert HTTP/1.1\\r\\n", "Retransmission (suspected)"]
PRINTED = f"""
Chats (3)
=============
   Frequency      Group           Protocol  Summary
           2   Sequence               HTTP  {MESSAGES[0]}
           1   Sequence               HTTP  {MESSAGES[1]}
           4   Sequence                TCP  {MESSAGES[2]}
"""


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("GET /a/b?password=hunter2&x=1 HTTP/1.1\\r\\n", "GET /a/b?... HTTP/1.1\\r\\n"),
        ("GET /a?q=two words and more HTTP/1.0\\r\\n", "GET /a?... HTTP/1.0\\r\\n"),
        ("POST /a?cut=off by Wireshark", "POST /a?..."),
        ("GET http://anna:hunter2@shop.example/ HTTP/1.1\\r\\n", "GET http://[secret]@shop.example/ HTTP/1.1\\r\\n"),
        ("M-SEARCH * HTTP/1.1\\r\\n", "M-SEARCH * HTTP/1.1\\r\\n"),
        ("NTLMv2 BaseSessionKey (1a2b3c4d5e6f708192a3b4c5d6e7f809)", "NTLMv2 BaseSessionKey ([secret])"),
        ("NTLMv2 authenticated using <Global NT Password> (1a2b3c4d...)",
         "NTLMv2 authenticated using <Global NT Password> ([secret]...)"),
        ("the password=hunter2 of the test", "the password=[secret] of the test"),
        ("This frame is a (suspected) retransmission?", "This frame is a (suspected) retransmission?"),
        ("IPv4 total length exceeds packet length (1234567890 bytes)",
         "IPv4 total length exceeds packet length (1234567890 bytes)"),
    ],
)  # fmt: skip
def test_a_message_is_told_without_the_secrets_that_it_quotes(message: str, shown: str) -> None:
    assert told(message) == shown


def test_messages_that_are_the_same_without_their_queries_are_counted_together() -> None:
    frames = pl.DataFrame(
        {"frame.number": [7, 4, 9], "_ws.expert.message": [[MESSAGES[0]], [MESSAGES[1], MESSAGES[2]], None]},
        schema={"frame.number": pl.Int64, "_ws.expert.message": pl.List(pl.String)},
    )
    found = expert(Facts(FrameTable.of(frames), {EXPERT.argument: PRINTED}))
    assert found.rows == (
        ("chat", "Sequence", "HTTP", "GET /a?... HTTP/1.1\\r\\n", 3, 4),
        ("chat", "Sequence", "TCP", MESSAGES[2], 4, 4),
    )
