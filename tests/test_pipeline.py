import subprocess
import sys
from pathlib import Path

import pytest
from capture import programs
from capture.programs import program

import explainer
from explainer import analyse, ask, pipeline
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
    # The separator of repeated values is a carriage return, which read_text() and splitlines() would split at.
    (line,) = [line for line in log.read_bytes().decode().split("\n") if "-T fields" in line]
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
        fields = [word for word in line.split() if "." in word and "/" not in word]
        assert all(field.startswith("frame.") for field in fields)

    def test_all_of_them(self, tmp_path: Path, expired: Path) -> None:
        line = asked_of_tshark(tmp_path, expired)
        assert "-e tls.handshake.type" in line
        fields = [word for word in line.split() if "." in word and "/" not in word]
        assert len(fields) == len(set(fields))


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
    assert pipeline.frame(expired, 1)[0].name == "frame"


def test_brief_is_within_the_budget(expired: Path) -> None:
    analysis = analyse(expired)
    small = pipeline.brief(analysis, "Why?", settings=Settings(budget=300))
    large = pipeline.brief(analysis, "Why?", settings=Settings(budget=20000))
    assert small.tokens <= 300 < large.tokens
    assert small.left_out
    assert not large.left_out
