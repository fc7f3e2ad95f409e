import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from capture import programs
from capture.programs import program
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from factories import tshark

import explainer
from explainer import analyse, ask, closeup, pipeline
from explainer.capture.selection import Selection
from explainer.errors import CaptureError, SettingsError, TsharkError
from explainer.settings import Settings


@pytest.fixture
def expired(captures: Path) -> Path:
    return captures / "tls12_expired.pcapng"


def asked_of_tshark(tmp_path: Path, capture: Path, **options: object) -> str:
    """Return the command line of the tshark that reads the capture."""
    log = tmp_path / "log"
    named = program(tmp_path / "bin", programs.logging(log))
    analyse(capture, settings=Settings(tshark=named), **options)  # type: ignore[arg-type]  # handed on as they are
    (line,) = [line for line in log.read_bytes().decode(errors="replace").split("\n") if "-T fields" in line]
    return line


def test_the_public_functions(expired: Path) -> None:
    answer = ask(analyse(expired), "why does my TLS handshake fail?")
    assert "payroll.example expired" in answer.verdict
    assert set(explainer.__all__) == {"__version__", "analyse", "ask"}


def test_a_path_may_be_a_string(expired: Path) -> None:
    assert analyse(str(expired), rules=False, only_statistics=()).info.file == expired.name


def test_another_name_is_no_part_of_the_package() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = explainer.no_such_name


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, explainer; assert not {'polars', 'pydantic', 'explainer.pipeline'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", ["tls12_expired", "dns_and_http_healthy", "tls12_hostile_names"])
def test_two_runs_give_the_same_bytes(captures: Path, name: str) -> None:
    first, second = (analyse(captures / f"{name}.pcapng").model_dump_json() for _ in range(2))
    assert first == second


class TestColumns:
    def test_only_those_that_somebody_needs(self, tmp_path: Path, expired: Path) -> None:
        line = asked_of_tshark(tmp_path, expired, only_statistics=["rtt"], rules=False)
        assert "-e tcp.stream" in line
        assert "tls." not in line
        assert "x509" not in line
        assert "-z" not in line

    def test_none_but_the_file_s_own(self, tmp_path: Path, expired: Path) -> None:
        line = asked_of_tshark(tmp_path, expired, only_statistics=(), rules=False)
        words = line.split()
        fields = [field for option, field in itertools.pairwise(words) if option == "-e"]
        assert all(field.startswith("frame.") for field in fields)

    def test_all_of_them(self, tmp_path: Path, expired: Path) -> None:
        line = asked_of_tshark(tmp_path, expired)
        assert "-e tls.handshake.type" in line
        words = line.split()
        fields = [field for option, field in itertools.pairwise(words) if option == "-e"]
        assert len(fields) == len(set(fields))


def calls(tmp_path: Path, capture: Path, **options: object) -> list[str]:
    """Return the command lines of the tsharks that read the frames of a capture, the first pass first."""
    log = tmp_path / "log"
    named = program(tmp_path / "bin", programs.logging(log))
    analyse(capture, settings=Settings(tshark=named), strict=True, **options)  # type: ignore[arg-type]  # handed on
    return [line for line in log.read_bytes().decode(errors="replace").split("\n") if "-T fields" in line]


class TestSecondLook:
    def test_none_where_the_defaults_show_everything(self, tmp_path: Path, expired: Path) -> None:
        assert len(calls(tmp_path, expired)) == 1

    def test_segments_out_of_order_are_put_in_order(self, tmp_path: Path, captures: Path) -> None:
        _, *again = calls(tmp_path, captures / "tls12_out_of_order_healthy.pcapng")
        assert len(again) == len(set(again))
        assert sum("tcp.reassemble_out_of_order:TRUE" in line for line in again) == 1

    def test_tls_where_nobody_expects_it_is_decoded_as_such(self, tmp_path: Path, captures: Path) -> None:
        _, *again = calls(tmp_path, captures / "tls_to_http_port.pcapng")
        assert sum("-d tcp.port==80,tls" in line for line in again) == 1

    def test_no_rule_no_look(self, tmp_path: Path, captures: Path) -> None:
        capture = captures / "tls12_out_of_order_healthy.pcapng"
        assert len(calls(tmp_path, capture, only_statistics=["rtt"], rules=False)) == 1

    def test_the_users_filter_does_not_narrow_it(self, tmp_path: Path, captures: Path) -> None:
        chosen = Selection(display_filter="frame.number < 3")
        lines = calls(tmp_path, captures / "tls12_out_of_order_healthy.pcapng", selection=chosen)
        (again,) = (line for line in lines if "reassemble_out_of_order" in line)
        assert "frame.number < 3" not in again


def test_the_users_own_roots_are_known(tmp_path: Path, captures: Path) -> None:
    capture = captures / "tls12_self_signed_accepted.pcapng"

    def found(settings: Settings) -> set[str]:
        return {finding.rule for finding in analyse(capture, settings=settings, only_statistics=()).findings}

    shown = tshark(capture, "-T", "fields", "-e", "tls.handshake.certificate", "-Y", "tls.handshake.type == 11")
    trusted = tmp_path / "own.pem"
    trusted.write_bytes(load_der_x509_certificate(bytes.fromhex(shown.strip())).public_bytes(Encoding.PEM))
    assert "tls_certificate_self_signed" in found(Settings())
    assert "tls_certificate_self_signed" not in found(Settings(trust_store=trusted))


class TestOptions:
    def test_only_statistics(self, expired: Path) -> None:
        analysis = analyse(expired, only_statistics=["rtt", "ports"], rules=False)
        assert [stat.id for stat in analysis.stats] == ["ports", "rtt"]
        assert analysis.outcomes == ()

    def test_an_unknown_statistic_is_said_before_tshark_starts(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"There is no statistic named nonsense\.") as raised:
            analyse(tmp_path / "gone.pcap", only_statistics=["nonsense"])
        assert "rtt" in raised.value.hint

    def test_progress(self, expired: Path) -> None:
        seen = list[int]()
        analyse(expired, only_statistics=(), rules=False, progress=seen.append)
        assert seen[-1] == 70

    def test_the_time_limit_of_the_settings(self, tmp_path: Path, expired: Path) -> None:
        silent = program(tmp_path, programs.SILENT)
        with pytest.raises(TsharkError, match=r"within 0\.2 seconds"):
            analyse(expired, settings=Settings(tshark=silent, time_limit_s=0.2))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="does not exist"):
        analyse(tmp_path / "gone.pcap")


def test_frame(expired: Path) -> None:
    assert closeup.frame(expired, 1)[0].name == "frame"


def test_brief_is_within_the_budget(expired: Path) -> None:
    analysis = analyse(expired)
    small = pipeline.brief(analysis, "Why?", settings=Settings(budget=300))
    large = pipeline.brief(analysis, "Why?", settings=Settings(budget=20000))
    assert small.tokens <= 300 < large.tokens
    assert small.left_out
    assert not large.left_out


def test_a_damaged_trust_store_is_one_sentence(tmp_path: Path, captures: Path) -> None:
    damaged = tmp_path / "damaged.pem"
    damaged.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(SettingsError, match="holds a certificate that is damaged"):
        analyse(captures / "tls12_self_signed.pcapng", settings=Settings(trust_store=damaged))
