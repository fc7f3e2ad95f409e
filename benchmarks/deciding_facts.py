"""Prints how much of what decides labelled cases is in the brief at 2,000, 4,000 and 8,000 tokens.

    python benchmarks/deciding_facts.py labelled.jsonl

Each line names a capture beside the file (file), a question, patterns that a good answer matches (must_mention) and the
frames that decide (decisive_frames).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from explainer import analyse
from explainer.brief.build import build
from explainer.errors import ExplainerError
from explainer.llm.vocabulary import counter
from explainer.llm.written import cited
from explainer.model import Analysis, Brief

BUDGETS = (2000, 4000, 8000)


def main(labels: Path) -> None:
    measured = counter("gpt-4o")
    analyses = list[tuple[dict[str, Any], Analysis]]()
    for case in map(json.loads, labels.read_text("utf-8").splitlines()):
        try:
            analyses.append((case, analyse(labels.parent / labels.stem / case["file"])))
        except ExplainerError as error:
            print(f"{case['id']}: {error.message}", file=sys.stderr)
    for budget in BUDGETS:
        held = {case["id"]: facts(case, build(found, case["question"], budget=budget, counter=measured))
                for case, found in analyses}  # fmt: skip
        every = [fact for facts_of_one in held.values() for fact in facts_of_one.values()]
        print(
            f"{budget} tokens ({measured.name}): {sum(every) / len(every):.1%} of {len(every)} facts, {len(held)} cases"
        )
        if budget == BUDGETS[-1] or "--missing" in sys.argv:
            for name, one in held.items():
                if missing := [fact for fact, there in one.items() if not there]:
                    print(f"  {name}: {', '.join(missing)}")


def facts(case: dict[str, Any], brief: Brief) -> dict[str, bool]:
    """Return whether each pattern, and each deciding frame, stands in the brief; frames also as a row's cell."""
    frames = set(cited(brief.text)) | set(map(int, re.findall(r"(?<=\| )\d+(?= \||$)", brief.text, re.MULTILINE)))
    found = {pattern[:60]: re.search(pattern, brief.text) is not None for pattern in case["must_mention"]}
    wanted = case["decisive_frames"]
    return found | ({f"a frame of {wanted[:6]}": bool(frames & set(wanted))} if wanted else {})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
