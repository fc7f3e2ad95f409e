"""The README shows an answer as it is printed."""

from pathlib import Path

from explainer import analyse, ask
from explainer.registry import Style, renderers

ROOT = Path(__file__).parents[1]
COMMAND = '$ explainer ask tests/captures/tls12_expired.pcapng "why does my TLS handshake fail?"\n'


def test_the_answer_in_the_readme_is_the_one_that_is_printed() -> None:
    analysis = analyse(ROOT / "tests/captures/tls12_expired.pcapng")
    text = renderers.get("text")
    assert text is not None
    assert text.answers is not None
    printed = text.answers([(analysis, ask(analysis, "why does my TLS handshake fail?"))], Style(100, colour=False))
    assert f"```\n{COMMAND}{printed}```" in (ROOT / "README.md").read_text()
