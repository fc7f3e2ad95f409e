import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CASES

from evals import measure, parrot
from evals.measure import Result
from explainer.llm.vocabulary import counter
from explainer.model import Usage
from explainer.settings import Settings

pytestmark = pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
CASE = next(case for case in CASES if case["name"] == "tcp_refused")


def test_one_question_is_answered_both_ways(captures: Path) -> None:
    with parrot.running() as url:
        settings = Settings(model="scripted", base_url=url, budget=1000, input_price=1.0, output_price=2.0)
        ours = measure.ours(CASE, captures / CASE["file"], settings)
        raw = measure.raw(CASE, captures / CASE["file"], settings)
    assert (ours.way, ours.cause, ours.backed) == ("explainer", True, 1.0)
    assert ours.frames is not None
    assert ours.frames > 0.5, "it also names the lookup before"
    assert ours.price
    assert ours.tokens
    assert (raw.way, raw.cause, raw.backed) == ("tshark -T json", False, None)


def test_the_baseline_is_cut_to_the_budget() -> None:
    settings = Settings(budget=200)
    cut = measure._cut('{"layers": 1}' * 1000, settings)
    assert 0 < len(cut) < 13_000
    assert counter(settings.model).count(cut) <= 200


def test_there_is_a_line_of_means_for_each_way() -> None:
    results = [
        Result("a", "explainer", True, 1.0, 1.0, 100, 1.0, 0.5),
        Result("b", "explainer", False, 0.5, None, 300, 3.0, None),
        Result("a", "tshark -T json", False, None, None, 100, 1.0, None),
    ]
    assert measure.means(results).splitlines() == [
        "| all | explainer | 1 of 2 | 75% | 100% | 200 | 2.0 | 0.5000 |",
        "| all | tshark -T json | 0 of 1 | - | - | 100 | 1.0 | - |",
    ]


def test_price_is_of_both_ways() -> None:
    settings = Settings(model="m", input_price=1.0, output_price=2.0)
    assert measure._price(Usage(prompt_tokens=1_000_000, completion_tokens=500_000), settings) == 2.0


def test_the_command_prints_the_table() -> None:
    root = Path(__file__).parents[2]
    words = [sys.executable, "-m", "evals", "--only", "dns_nxdomain", "--budget", "1000"]
    done = subprocess.run(
        words,
        cwd=root,
        env={"PYTHONPATH": "tests", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| dns_nxdomain | explainer | yes | 100% |" in done.stdout
