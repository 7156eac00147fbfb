# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often is the diagnosis right? Precision, recall and false-positive rate on a corpus of labelled series.

    python benchmarks/diagnosis_accuracy.py --corpus ../shared/corpus [--json]

`leak_suspected` and `leak_confirmed` count as "leak"; rows labelled `unclear` are not scored. Next to the diagnosis stand the baselines
people use (_baselines.py), and the figures of thresholds that have never seen the source they are scored on (tune.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _baselines import BASELINES
from _corpus import DEFAULT_CORPUS, Score, Series, read_corpus, score, wilson
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import LEAKS, diagnose_series
from tune import Search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS, help="folder with labels.csv (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    parser.add_argument("--no-leave-one-out", action="store_true", help="skip the search over thresholds, which takes most of the time")
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    results = {series.file: diagnose(series) for series in corpus}
    left_out = {} if options.no_leave_one_out else Search(corpus).leave_one_out()
    if options.json:
        print(json.dumps(as_json(corpus, results, left_out), indent=2))
    else:
        print_report(corpus, results, left_out)


def diagnose(series: Series) -> dict[str, Any]:
    return diagnose_series(series.points, series.unit, None, {"prior": series.prior})


def score_by(corpus: list[Series], results: dict[str, Any], key: Callable[[Series], str]) -> dict[str, Score]:
    found: dict[str, Score] = {}
    for series in corpus:
        if series.leaks is not None:
            found.setdefault(key(series), Score()).add(series.leaks, results[series.file]["verdict"] in LEAKS)
    return dict(sorted(found.items()))


def errors(corpus: list[Series], results: dict[str, Any]) -> list[dict[str, Any]]:
    """What was called wrongly, and the gate that decided."""
    found = []
    for series in corpus:
        result = results[series.file]
        if series.leaks is None or series.leaks == (result["verdict"] in LEAKS):
            continue
        gate = next((one for one in result["gates"] if one["name"] == result["decided_by"]), None)
        found.append(
            {
                "file": series.file,
                "label": "leak" if series.leaks else "healthy",
                "verdict": result["verdict"],
                "gate": result["decided_by"],
                "detail": gate["detail"] if gate else "",
            }
        )
    return found


def as_json(corpus: list[Series], results: dict[str, Any], left_out: dict[str, Score]) -> dict[str, Any]:
    def dicts(scores: dict[str, Score]) -> dict[str, Any]:
        return {name: one.as_dict() for name, one in scores.items()}

    left_out_dict = dicts(left_out) | ({"overall": sum(left_out.values(), Score()).as_dict()} if left_out else {})
    return {
        "overall": score_by(corpus, results, lambda _series: "all").get("all", Score()).as_dict(),
        "groups": dicts(score_by(corpus, results, lambda series: series.group)),
        "sources": dicts(score_by(corpus, results, lambda series: series.source)),
        "leave_one_source_out": left_out_dict,
        "baselines": dicts({name: score(corpus, detect) for name, detect in BASELINES.items()}),
        "errors": errors(corpus, results),
    }


def print_report(corpus: list[Series], results: dict[str, Any], left_out: dict[str, Score]) -> None:
    header = f"{'':24s}{'precision':>22s}{'recall':>22s}{'false-positive rate':>22s}{'series':>8s}"

    def section(title: str, scores: dict[str, Score]) -> None:
        print(f"\n{title}\n{header}")
        for name, one in scores.items():
            print(f"  {name:22s}" + "".join(f"{_figure(*figure):>22s}" for figure in one.figures.values()) + f"{_count(one):8d}")

    print("Figures with their 95 % interval (Wilson).")
    section("The diagnosis", score_by(corpus, results, lambda _series: "overall"))
    section("By group", score_by(corpus, results, lambda series: series.group))
    section("By source", score_by(corpus, results, lambda series: series.source))
    if left_out:
        section(
            "Leave one source out: thresholds fitted on all other sources",
            left_out | {"overall": sum(left_out.values(), Score())},
        )
    section("What people use today", {name: score(corpus, detect) for name, detect in BASELINES.items()})
    confirmed = [series.file for series in corpus if series.leaks is False and results[series.file]["verdict"] == "leak_confirmed"]
    print(f"\nleak_confirmed on healthy series: {len(confirmed)}", *confirmed)
    print("\nErrors")
    for error in errors(corpus, results):
        print(f"  {error['file']} ({error['label']}): {error['verdict']}, decided by {error['gate']}: {error['detail']}")


def _count(one: Score) -> int:
    return one.true_positives + one.false_positives + one.false_negatives + one.true_negatives


def _figure(hits: int, total: int) -> str:
    if not total:
        return "-"
    low, high = wilson(hits, total)
    return f"{hits / total:.3f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
