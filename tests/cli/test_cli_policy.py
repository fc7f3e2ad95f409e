"""`explainer findings` as a check: when it exits with 1, and the user's policy."""

from pathlib import Path

import pytest

from cli.command import inside

HEALTHY = "tls12_healthy"


@pytest.mark.parametrize(
    ("name", "fail_on", "code"),
    [("dns_nxdomain", "high", 0), ("dns_nxdomain", "medium", 1), ("dns_nxdomain", "low", 1), (HEALTHY, "low", 0)],
)
def test_fail_on_exits_with_1_where_a_finding_is_as_severe(name: str, fail_on: str, code: int, captures: Path) -> None:
    done = inside("findings", captures / f"{name}.pcapng", "--fail-on", fail_on)
    assert done.returncode == code
    assert done.stdout


def test_without_it_findings_are_no_failure(captures: Path) -> None:
    assert inside("findings", captures / "dns_servfail.pcapng").returncode == 0


def test_a_broken_policy_exits_with_1(captures: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[forbid]\nports = [443]\n")
    done = inside("findings", captures / f"{HEALTHY}.pcapng", "--policy", policy)
    assert done.returncode == 1
    assert "The port 443 (TCP) is used" in done.stdout
    policy.write_text("[allow]\nports = [53, 80, 443]\n")
    assert inside("findings", captures / f"{HEALTHY}.pcapng", "--policy", policy).returncode == 0


def test_ask_reads_the_policy_too(captures: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[forbid]\nprotocols = ["tls"]\n')
    done = inside("ask", captures / f"{HEALTHY}.pcapng", "Is everything allowed by our policy?", "--policy", policy)
    assert "The protocol tls is used" in done.stdout


@pytest.mark.parametrize("text", [None, "[forbid]\nport = 1\n", "no toml"])
def test_a_policy_that_cannot_be_read_is_said_so(text: str | None, captures: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    if text is not None:
        policy.write_text(text)
    done = inside("findings", captures / f"{HEALTHY}.pcapng", "--policy", policy)
    assert done.returncode not in (0, 1)
    assert "policy" in done.stderr
