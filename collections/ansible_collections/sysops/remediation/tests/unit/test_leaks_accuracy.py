# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accuracy on labelled real series, and on synthetic families, is held by a test."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[6]
BENCHMARKS = REPOSITORY / "benchmarks"
CORPUS = REPOSITORY.parent / "shared" / "corpus"

needs_benchmarks = pytest.mark.skipif(
    not (BENCHMARKS / "diagnosis_accuracy.py").is_file(), reason="the collection stands alone: the repository's benchmarks are not beside it"
)
needs_corpus = pytest.mark.skipif(not (CORPUS / "labels.csv").is_file(), reason="no labelled corpus at ../shared/corpus beside the repository")


@pytest.fixture(autouse=True)
def benchmarks_on_the_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


@needs_benchmarks
@needs_corpus
def test_precision_and_recall_on_real_series_that_no_confirmation_is_wrong_and_baselines_are_beaten():
    accuracy, corpus_of = importlib.import_module("diagnosis_accuracy"), importlib.import_module("_corpus")
    corpus = corpus_of.read_corpus(CORPUS)
    results = {series.file: accuracy.diagnose(series) for series in corpus}
    figures = accuracy.as_json(corpus, results, {})
    assert figures["overall"]["precision"] >= 0.97
    assert figures["overall"]["recall"] >= 0.95
    assert not [series.file for series in corpus if series.leaks is False and results[series.file]["verdict"] == "leak_confirmed"]
    assert all(figures["overall"]["precision"] > baseline["precision"] for baseline in figures["baselines"].values())
    assert all(error["gate"] and error["detail"] for error in figures["errors"])


@needs_benchmarks
def test_precision_and_recall_on_synthetic_families():
    synthetic, corpus_of, tune = (importlib.import_module(name) for name in ("_synthetic", "_corpus", "tune"))
    figures = corpus_of.score(synthetic.draw_series(each=5, seed=7), tune.called_leak).as_dict()
    assert figures["precision"] >= 0.97
    assert figures["recall"] >= 0.9


@needs_benchmarks
def test_a_corpus_of_percentages_and_bytes_is_read_and_reported(tmp_path, capsys, monkeypatch):
    accuracy = importlib.import_module("diagnosis_accuracy")
    rows = ["file,label,why,source,license,unit,group,interval_s,duration_s,n"]
    for name, label, unit, step in (("a", "leak", "bytes", 1e6), ("b", "leak", "percent", 0.3), ("c", "healthy", "percent", 0), ("d", "unclear", "bytes", 0)):
        rows.append(f"{name}.csv,{label},why,mine,MIT,{unit},live,1,100,100")
        lines = ["t_seconds,value", *(f"{at},{40 + at * step}" for at in range(100))]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    monkeypatch.setattr(sys, "argv", ["diagnosis_accuracy.py", "--corpus", str(tmp_path), "--no-leave-one-out"])
    accuracy.main()
    report = capsys.readouterr().out
    assert "overall" in report
    assert "leak_confirmed on healthy series: 0" in report
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--json"])
    accuracy.main()
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == ["overall", "groups", "sources", "leave_one_source_out", "baselines", "errors"]
    assert figures["overall"] == {"precision": 1.0, "recall": 1.0, "false_positive_rate": 0.0}
    assert set(figures["sources"]) == {"mine"}


@needs_benchmarks
def test_a_folder_without_labels_is_named(tmp_path):
    corpus_of = importlib.import_module("_corpus")
    with pytest.raises(SystemExit, match=r"labels\.csv does not exist"):
        corpus_of.read_corpus(tmp_path)


@needs_benchmarks
def test_a_seed_is_a_corpus_of_services_made_of_parts_and_no_healthy_one_is_a_leak(tmp_path, monkeypatch):
    accuracy, generator, corpus_of = (importlib.import_module(name) for name in ("diagnosis_accuracy", "synthetic_corpus", "_corpus"))
    for folder in ("once", "again"):
        monkeypatch.setattr(sys, "argv", ["synthetic_corpus.py", "--seed", "5", "--each", "3", str(tmp_path / folder)])
        generator.main()
    once, again = (corpus_of.read_corpus(tmp_path / folder) for folder in ("once", "again"))
    assert once == again
    assert {series.group for series in once} == {"live", "history"}
    assert {series.leaks for series in once} == {True, False, None}
    assert not [series.file for series in once if series.leaks is False and accuracy.diagnose(series)["verdict"] in accuracy.LEAKS]
