import pytest

from explainer import errors


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (errors.SettingsError, 2), (errors.OutputError, 2), (errors.CaptureError, 3), (errors.TsharkError, 4),
        (errors.ModelError, 5),
    ],
)  # fmt: skip
def test_each_has_its_exit_code(kind: type[errors.ExplainerError], exit_code: int) -> None:
    error = kind("It is broken.", "Mend it.")
    assert (error.message, error.hint, str(error), error.exit_code) == (
        "It is broken.",
        "Mend it.",
        "It is broken.",
        exit_code,
    )
    assert isinstance(error, errors.ExplainerError)


def test_a_hint_is_not_needed() -> None:
    assert errors.CaptureError("It is broken.").hint == ""
