"""Asks a model about every capture of the lab and prints a table; `make eval MODEL=... BASE_URL=...`.

Without a model a scripted one answers, which repeats the first finding that it reads: it tests this programme only.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from evals import measure, parrot
from evals.measure import Result
from explainer.errors import ExplainerError
from explainer.settings import Settings

CAPTURES = Path(__file__).parents[1] / "tests" / "captures"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="evals", description=__doc__)
    parser.add_argument("--model", default="")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--budget", type=int, default=4000)
    parser.add_argument("--only", default="", help="names of captures that begin with this")
    parser.add_argument("--input-price", type=float, help="for a million tokens")
    parser.add_argument("--output-price", type=float, help="for a million tokens")
    given = parser.parse_args()
    lines = (CAPTURES / "cases.jsonl").read_text("utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["name"].startswith(given.only)]
    with _server(given.model, given.base_url) as (model, base_url):
        settings = Settings(
            model=model, base_url=base_url, budget=given.budget, input_price=given.input_price,
            output_price=given.output_price, api_key=SecretStr(os.environ.get("OPENAI_API_KEY", "")),
        )  # fmt: skip
        results = list[Result]()
        print(measure.HEADING, flush=True)
        for case in cases:
            for way in (measure.ours, measure.raw):
                try:
                    results.append(way(case, CAPTURES / case["file"], settings))
                    print(measure.row(results[-1]), flush=True)  # a long run that is stopped has not been for nothing
                except ExplainerError as error:
                    print(f"{case['name']}: {error.message}", file=sys.stderr)
    print(measure.means(results))


@contextmanager
def _server(model: str, base_url: str) -> Iterator[tuple[str, str]]:
    if model:
        yield model, base_url
        return
    with parrot.running() as url:
        yield "scripted", url


if __name__ == "__main__":
    main()
