"""Settings: one model of what the user may set; flags win over the environment, and the environment over the file."""

import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from explainer.errors import SettingsError
from explainer.escape import visible

PREFIX = "EXPLAINER_"
_OPENAI = "https://api.openai.com/v1"


class Settings(BaseModel):
    """What the user may set.

    `trust_store` is a PEM file of root certificates that clients are taken to know beside Mozilla's.
    `policy` is a TOML file of what the network allows and forbids (explainer.policy).
    `time_limit_s` None allows tshark 30 seconds and one more for each megabyte of the capture. `jobs` is how
    many tsharks may read a capture at once; None: one for each core; together they take up to
    `max_memory_gb`, None: half of what is free. `cache` is the folder where dissections are kept,
    up to `cache_gb` gigabytes; None keeps none. `model` empty answers
    from the findings; `base_url` empty is OpenAI's own service; `budget` is the brief's size in tokens. `api_version`
    makes `base_url` an Azure OpenAI endpoint of the older kind. `redact` None replaces addresses and names for every
    server but one on this machine; `consent` lets a brief be sent to a server elsewhere without asking. `prompts` is a
    folder whose templates win over our own. `input_price` and `output_price` are per million tokens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tshark: Path | None = None
    trust_store: Path | None = None
    policy: Path | None = None
    time_limit_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    jobs: int | None = Field(default=None, ge=1)
    max_memory_gb: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    cache: Path | None = None
    cache_gb: float = Field(default=5, ge=0, allow_inf_nan=False)
    model: str = ""
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    budget: int = Field(default=4000, ge=200)
    model_timeout_s: float = Field(default=60, gt=0, allow_inf_nan=False)
    api_version: str = ""
    redact: bool | None = None
    consent: bool = False
    prompts: Path | None = None
    input_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    output_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @field_validator("cache", mode="before")
    @classmethod
    def _none_where_empty(cls, folder: object) -> object:
        return folder or None

    @property
    def address(self) -> str:
        """Return the address of the model's server."""
        return self.base_url or _OPENAI

    @property
    def server(self) -> str:
        """Return the host of the model's server, empty where the address is none."""
        try:
            return urlsplit(self.address).hostname or ""
        except ValueError:
            return ""

    @property
    def is_local(self) -> bool:
        """Return whether the model's server is on this machine (a loopback address)."""
        try:
            return self.server == "localhost" or ipaddress.ip_address(self.server).is_loopback
        except ValueError:
            return False

    @property
    def redacts(self) -> bool:
        """Return whether addresses and names are replaced before they are sent."""
        return not self.is_local if self.redact is None else self.redact


def load(
    file: Path, environment: Mapping[str, str], flags: Mapping[str, object], machine: Mapping[str, object] | None = None
) -> Settings:
    """Return the settings of the file (where it exists), overlaid by EXPLAINER_* variables, overlaid by given flags.

    `machine` holds defaults that depend on where this runs. OPENAI_API_KEY stands in for EXPLAINER_API_KEY; flags that
    are None were not given.

    Raises:
        SettingsError: the file cannot be read, or a value is unknown or wrong.
    """
    values = {**(machine or {}), **_from_file(file)}
    if key := environment.get("OPENAI_API_KEY"):
        values["api_key"] = key
    for name in Settings.model_fields:
        if (value := environment.get(PREFIX + name.upper())) is not None:
            values[name] = value
    values.update({name: value for name, value in flags.items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        hint = f"Correct it where it is set: a flag, {PREFIX}{visible(name.upper())}, or {visible(str(file))}."
        raise SettingsError(f"The setting {visible(name)} is wrong: {first['msg']}.", hint) from error


def _from_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            return tomllib.load(opened)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The settings file {visible(str(file))} cannot be read: {error}.", "Correct or remove it."
        ) from error
