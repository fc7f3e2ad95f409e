import re
import subprocess
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from explainer.escape import SHOWS_NOTHING, filter_string, shell_word, visible

UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANY = st.text(st.characters(exclude_categories=[])) | st.text(
    st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
)


@given(ANY)
def test_no_character_that_acts_is_left(text: str) -> None:
    assert not {unicodedata.category(c) for c in visible(text)} & UNSAFE


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])))
def test_what_can_be_read_stays(text: str) -> None:
    assume(not SHOWS_NOTHING.search(text))
    assert visible(text) == text


@given(ANY)
def test_twice_is_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain ~!", "plain ~!"),
        ("Grüße, 世界 🙂", "Grüße, 世界 🙂"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb\tc\x00\x7f", r"a\x0d\x0ab\x09c\x00\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj", r"\u202egpj"),
        ("\u200b\u2028\ufeff", r"\u200b\u2028\ufeff"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_a_shell_reads_the_word_as_one_and_runs_nothing(text: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf '%s|' {shell_word(text)}"], capture_output=True, check=True)
    assert done.stdout.decode() == visible(text) + "|"
    assert done.stderr == b""


@pytest.mark.parametrize("text", ["$(id)", "`id`", "a;id", "a'b", '"', "", "-x", "a b", "*", "~", "$HOME", "\n", "!x"])
def test_shell_metacharacters(text: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf '%s|' {shell_word(text)}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == visible(text) + "|"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_filter_string_ends_where_it_should(text: str) -> None:
    quoted = filter_string(text)
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL) == text


@pytest.mark.parametrize("text", ["payroll.example", 'a"b', "a\\b", 'x" || frame || "', "\\", "\\x41", "ü"])
def test_wireshark_takes_the_filter_as_one_value(captures: object, text: str) -> None:
    path = f"{captures}/tls12_healthy.pcapng"
    words = ["tshark", "-n", "-r", path, "-Y", f"tls.handshake.extensions_server_name == {filter_string(text)}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = len(done.stdout.splitlines())
    assert found == (1 if text == "payroll.example" else 0)
