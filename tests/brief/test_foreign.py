"""Questions in other languages: what is understood of them, and that English ones are left alone."""

import pytest

from explainer.brief.foreign import in_english
from explainer.brief.question import Topic, parse


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Warum ist die Seite so langsam?", Topic.SLOWNESS),
        ("Ist die Verbindung verschlüsselt?", Topic.ENCRYPTED),
        ("War die Anmeldung erfolgreich?", Topic.LOGIN),
        ("Welche Server werden kontaktiert?", Topic.HOSTS),
        ("Wer hat die Verbindung beendet?", Topic.CLOSING),
        ("Wie viele Pakete gingen verloren?", Topic.LOSS),
        ("Pourquoi est-ce si lent ?", Topic.SLOWNESS),
        ("Quels sites ont été visités ?", Topic.SITES),
        ("Est-ce que la connexion est chiffrée ?", Topic.ENCRYPTED),
        ("¿Por qué es tan lento?", Topic.SLOWNESS),
        ("¿Fue exitoso el inicio de sesión?", Topic.LOGIN),
    ],
)
def test_what_is_asked_for_is_understood(text: str, topic: Topic) -> None:
    question = parse(text)
    assert topic in question.topics
    assert question.asked == text


@pytest.mark.parametrize("text", ["Warum geht das nicht?", "Pourquoi ça ne marche pas ?", "¿Por qué no funciona?"])
def test_a_fault_is_asked_for(text: str) -> None:
    assert parse(text).about_a_fault


@pytest.mark.parametrize(
    "text",
    [
        "Why is the rest of the list slow?", "Who was on the red team, and is it a page of die.example?",
        "Is the estimate right?", "What was sent to 10.0.0.1?",
    ],
)  # fmt: skip
def test_english_is_left_alone(text: str) -> None:
    assert in_english(text) == text
