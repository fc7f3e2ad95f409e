"""How often each rule fires on a folder of captures, and on what: to be read by eye.

Prints every finding that no other explains, a capture a paragraph, then a table of rules. What is only for information
is counted, not listed. Usage: firings.py FOLDER...
"""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from explainer import analyse
from explainer.errors import ExplainerError
from explainer.escape import visible
from explainer.model import Analysis, RuleStatus, Severity

_SHOWN_FRAMES = 5


def looked_at(capture: Path) -> Analysis | str:
    """Return the analysis without statistics, or why there is none."""
    try:
        return analyse(capture, only_statistics=())
    except ExplainerError as error:
        return str(error)


def main() -> int:
    """Print the listing; return 1 where a rule failed."""
    folders = [Path(name) for name in sys.argv[1:]]
    captures = sorted(p for folder in folders for p in folder.rglob("*") if p.is_file() and p.suffix != ".keylog")
    firings, files, failed = Counter[str](), Counter[str](), 0
    with ProcessPoolExecutor() as pool:
        for capture, seen in zip(captures, pool.map(looked_at, captures), strict=True):
            if isinstance(seen, str):
                print(f"{capture.name}\n    {seen}")
                continue
            broken = [outcome for outcome in seen.outcomes if outcome.status is RuleStatus.FAILED]
            failed += len(broken)
            told = [finding for finding in seen.findings if not finding.explained_by]
            firings.update(finding.rule for finding in told)
            files.update({finding.rule for finding in told})
            listed = [finding for finding in told if finding.severity is not Severity.INFO]
            if listed or broken:
                print(capture.name)
            for outcome in broken:
                print(f"    FAILED {outcome.rule}: {visible(outcome.reason or '')}")
            for finding in listed:
                frames = ", ".join(map(str, finding.evidence.frames[:_SHOWN_FRAMES]))
                print(f"    {finding.severity.value} {finding.rule} [{frames}] {visible(finding.title)}", flush=True)
    print(f"\n{len(captures)} captures{'rule':>23}{'findings':>30}{'captures':>10}")
    for rule, number in firings.most_common():
        print(f"{rule:44}{number:>20}{files[rule]:>10}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
