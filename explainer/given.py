"""What the user gives beside the capture: files that the settings name, read and looked over before anything else."""

from pathlib import Path

from explainer.errors import SettingsError
from explainer.escape import visible
from explainer.facts import Given
from explainer.protocols.chain import TRUST_STORE
from explainer.settings import Settings

_PEM, _PEM_HINT = b"-----BEGIN CERTIFICATE-----", "Name a PEM file, with one or more BEGIN CERTIFICATE blocks."


def given(settings: Settings) -> dict[Given, bytes]:
    """Return the files that the settings name.

    Raises:
        SettingsError: one cannot be read, or holds nothing of what it should.
    """
    found = dict[Given, bytes]()
    if settings.trust_store is not None:
        name = visible(str(settings.trust_store))
        found[TRUST_STORE] = _contents(settings.trust_store, f"trust store {name}", _PEM_HINT)
        if _PEM not in found[TRUST_STORE]:
            raise SettingsError(f"The trust store {name} holds no certificate.", _PEM_HINT)
        _check_certificates(found[TRUST_STORE], name)
    if settings.policy is not None:
        from explainer.policy import POLICY, parse  # loads pydantic, which most runs do not need this early

        found[POLICY] = _contents(settings.policy, f"policy {visible(str(settings.policy))}", "Name a TOML file.")
        parse(found[POLICY])
    return found


def _check_certificates(pem: bytes, name: str) -> None:
    from explainer.protocols.x509_reading import bundle  # loads cryptography, which most runs do not need this early

    try:
        bundle(pem)
    except ValueError as error:
        raise SettingsError(f"The trust store {name} holds a certificate that is damaged.", _PEM_HINT) from error


def _contents(file: Path, what: str, hint: str) -> bytes:
    try:
        return file.expanduser().read_bytes()
    except OSError as error:
        raise SettingsError(f"The {what} cannot be read: {error.strerror}.", hint) from error
