from pathlib import Path

import pydantic
import pytest

from explainer.errors import SettingsError
from explainer.settings import Settings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_anything_the_defaults(file: Path) -> None:
    assert load(file, {}, {}) == Settings()


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(file: Path) -> None:
    file.write_text('model = "of-file"\nbudget = 1000\ntshark = "/file"')
    found = load(file, {"EXPLAINER_MODEL": "of-variable", "EXPLAINER_BUDGET": "2000"}, {"model": "of-flag"})
    assert (found.model, found.budget, found.tshark) == ("of-flag", 2000, Path("/file"))


def test_a_flag_that_was_not_given_leaves_the_rest(file: Path) -> None:
    assert load(file, {"EXPLAINER_MODEL": "x"}, {"model": None}).model == "x"


def test_an_empty_flag_is_given(file: Path) -> None:
    assert load(file, {"EXPLAINER_MODEL": "x"}, {"model": ""}).model == ""


def test_the_key_of_openai_stands_in(file: Path) -> None:
    file.write_text('api_key = "of-file"')
    assert load(file, {}, {}).api_key.get_secret_value() == "of-file"
    assert load(file, {"OPENAI_API_KEY": "usual"}, {}).api_key.get_secret_value() == "usual"
    both = {"OPENAI_API_KEY": "usual", "EXPLAINER_API_KEY": "own"}
    assert load(file, both, {}).api_key.get_secret_value() == "own"


def test_other_variables_do_not_matter(file: Path) -> None:
    assert load(file, {"EXPLAINER_NONSENSE": "1", "MODEL": "x", "explainer_model": "x"}, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget", "many"), ("budget", "199"), ("budget", "-1"), ("budget", "1.5"), ("time_limit_s", "0"),
        ("time_limit_s", "-3"), ("time_limit_s", "nan"), ("time_limit_s", "inf"), ("model_timeout_s", "soon"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(file: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^The setting {name} is wrong: ") as raised:
        load(file, {f"EXPLAINER_{name.upper()}": value}, {})
    assert f"EXPLAINER_{name.upper()}" in raised.value.hint
    assert raised.value.exit_code == 2


def test_an_unknown_setting_in_the_file_is_named(file: Path) -> None:
    file.write_text("bugdet = 5000")
    with pytest.raises(SettingsError, match="bugdet") as raised:
        load(file, {}, {})
    assert "config.toml" in raised.value.hint


def test_a_hostile_name_in_the_file_is_made_visible(file: Path) -> None:
    file.write_text('"\\u001b[31m" = 1')
    with pytest.raises(SettingsError) as raised:
        load(file, {}, {})
    assert "\x1b" not in raised.value.message + raised.value.hint


@pytest.mark.parametrize("text", [b"budget = [", b"= 1", b"model = '\xff'", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    with pytest.raises(SettingsError, match=r"config\.toml cannot be read"):
        load(file, {}, {})


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, {}, {})


class TestSecrets:
    KEY = "sk-very-secret"

    def test_not_shown_by_the_settings(self, file: Path) -> None:
        found = load(file, {"OPENAI_API_KEY": self.KEY}, {})
        assert self.KEY not in repr(found) + str(found) + found.model_dump_json()

    def test_not_shown_by_the_error_about_another_setting(self, file: Path) -> None:
        with pytest.raises(SettingsError) as raised:
            load(file, {"OPENAI_API_KEY": self.KEY, "EXPLAINER_BUDGET": "x"}, {})
        assert self.KEY not in raised.value.message + raised.value.hint

    def test_not_shown_by_the_error_about_itself(self, file: Path) -> None:
        file.write_text(f'[api_key]\nkey = "{self.KEY}"')
        with pytest.raises(SettingsError) as raised:
            load(file, {}, {})
        assert self.KEY not in raised.value.message + raised.value.hint

    def test_not_shown_where_the_file_cannot_be_read(self, file: Path) -> None:
        file.write_text(f"api_key = {self.KEY}")
        with pytest.raises(SettingsError) as raised:
            load(file, {}, {})
        assert self.KEY not in raised.value.message + raised.value.hint


def test_settings_are_frozen() -> None:
    with pytest.raises(pydantic.ValidationError):
        Settings().model = "x"


@pytest.mark.parametrize(
    ("base_url", "local"),
    [
        ("", False),
        ("https://api.openai.com/v1", False),
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://10.0.0.5:8000/v1", False),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://localhost.evil.example/v1", False),
        ("http://localhost@evil.example/v1", False),
        ("http://[::1", False),
    ],
)
def test_addresses_are_replaced_for_every_server_but_one_on_this_machine(base_url: str, local: bool) -> None:
    assert Settings(base_url=base_url).is_local is local
    assert Settings(base_url=base_url).redacts is not local
    assert Settings(base_url=base_url, redact=True).redacts
    assert not Settings(base_url=base_url, redact=False).redacts
