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


@needs_benchmarks
def test_a_corpus_as_a_spreadsheet_writes_it_is_read_and_odd_values_end_nothing(tmp_path, capsys):
    accuracy, corpus_of = importlib.import_module("diagnosis_accuracy"), importlib.import_module("_corpus")
    series = {"a": [f"{at},{1e7 + at * 1e6}" for at in reversed(range(100))], "empty": [], "odd": ["0,5", "1,n/a", "2,", "x,5"]}
    for name, lines in series.items():
        (tmp_path / f"{name}.csv").write_text("\r\n".join(["t_seconds,value", *lines]), encoding="utf-8-sig")
    rows = ["file,label,source,unit,group", "a.csv,Leak ,mine,bytes,live", "empty.csv,healthy,mine,bytes,live", "odd.csv,healty,mine,bytes,live"]
    (tmp_path / "labels.csv").write_text("\r\n".join(rows), encoding="utf-8-sig")
    corpus = corpus_of.read_corpus(tmp_path)
    assert [one.leaks for one in corpus] == [True, False, None]
    assert "odd.csv: label 'healty' is neither leak nor healthy nor unclear: not scored" in capsys.readouterr().err
    figures = accuracy.as_json(corpus, {one.file: accuracy.diagnose(one) for one in corpus}, {})
    assert figures["overall"]["precision"] == figures["overall"]["recall"] == 1.0
    assert figures["baselines"]["predict_linear"]["recall"] == 1.0


@needs_benchmarks
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("file,label,source,unit,group\nnone.csv,leak,mine,bytes,live", "none.csv cannot be read: No such file or directory"),
        ("file,label,source,unit\nnone.csv,leak,mine,bytes", "labels.csv has no column group; its first line is file, label, source, unit"),
    ],
)
def test_a_corpus_that_is_not_whole_is_one_line(tmp_path, labels, told):
    (tmp_path / "labels.csv").write_text(labels)
    with pytest.raises(SystemExit, match=told):
        importlib.import_module("_corpus").read_corpus(tmp_path)
