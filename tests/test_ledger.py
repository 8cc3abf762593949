"""Findings and claims: what they show, what they carry, and how they are read back."""

import re
from unittest.mock import patch

import nbformat
import numpy as np
import pandas as pd
import pytest

from careerlib import ledger
from careerlib.project import NOTEBOOKS
from careerlib.tables import aligned


def shown(call, *args, **kwargs):
    """The data that `call` displays."""
    with patch("IPython.display.display") as display:
        call(*args, **kwargs)
    return display.call_args.args[0]


@pytest.mark.parametrize("holds", [np.True_, False])
def test_a_finding_says_whether_it_holds(holds):
    data = shown(ledger.finding, "a < b & c", holds, difference=0.12345678)
    told = "✓ a < b & c" if holds else "✗ a < b & c (does not hold with these settings)"
    assert data["text/plain"] == told and "a &lt; b &amp; c" in data["text/html"]
    figures = {"difference": 0.123457}
    entry = {"kind": "finding", "name": "a < b & c", "holds": bool(holds), "figures": figures}
    assert data[ledger.MIME] == [entry]


def test_a_finding_has_its_figures_in_its_sentence_and_its_name_without():
    data = shown(ledger.finding, "{share:.1%} of {what}", True, share=0.12345678, what="all")
    assert data["text/plain"] == "✓ 12.3% of all"
    (entry,) = data[ledger.MIME]
    assert (entry["name"], entry["figures"]) == ("{share:.1%} of {what}", {"share": 0.123457})


@pytest.mark.parametrize(
    ("arguments", "measured", "verdict"),
    [
        (("test-accuracy", 0.78), "78.00%", ledger.REPRODUCED),
        (("test-accuracy", 0.7801), "78.01%", ledger.NOT_SUPPORTED),
        (("overfitted", "no gap", ledger.NOT_SUPPORTED, "why"), "no gap", ledger.NOT_SUPPORTED),
        (("test-accuracy", 0.7, None, "", False), "70.00%", ledger.OTHER_SETTINGS),
    ],
)
def test_a_claim_is_judged(arguments, measured, verdict):
    data = shown(ledger.verdicts, ledger.claim(*arguments), ledger.claim("recall", 0.87))
    entry, other = data[ledger.MIME]
    assert other["name"] == "recall" and data["text/html"].count("<tr") == 3
    assert (entry["measured"], entry["verdict"]) == (measured, verdict)
    assert verdict in data["text/plain"] and measured in data["text/plain"]


def test_unknown_names_are_refused(refusal):
    assert "test-accuracy" in refusal(ledger.claim, "test-acuracy", 0.78)
    assert ledger.REPRODUCED in refusal(ledger.claim, "overfitted", "x", "reproduce")


def notebook_with(*calls):
    outputs = [nbformat.v4.new_output("display_data", data=shown(*call)) for call in calls]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=outputs)])


def test_results_are_read_from_executed_notebooks(tmp_path):
    right, wrong = (ledger.claim("test-accuracy", value) for value in (0.78, 0.5))
    made = notebook_with((ledger.finding, "one", True), (ledger.verdicts, right))
    nbformat.write(made, tmp_path / "04_training_and_metrics.ipynb")
    # A copy under another name adds findings, but cannot take over the claim's row.
    other = notebook_with((ledger.verdicts, wrong))
    nbformat.write(other, tmp_path / "05_a_copy.ipynb")
    entries = ledger.read_folder(tmp_path)
    assert [entry["name"] for entry in entries] == ["one", "test-accuracy", "test-accuracy"]
    table = ledger.ledger(entries)
    assert table.loc["test-accuracy", "measured"] == "78.00%"
    assert table.loc["recall", "verdict"] == ledger.NOT_RUN
    assert ledger.headline(table["verdict"]) == f"Of {len(table)} claims: 1 reproduced; " + (
        f"{len(table) - 1} not run."
    )


def test_the_claims_table():
    table = ledger.claims()
    assert table.index.is_unique and table["claim"].is_unique
    assert set(table["basis"]) == {"printed", "procedure"}
    assert set(table["document"]) <= {"post", "training note", "training note, post",
                                      "post, training note"}  # fmt: skip
    assert set(table["notebook"]) <= {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    assert not table["claim"].str.contains(r"\$").any()


def test_every_claim_is_judged_in_its_committed_notebook():
    table = ledger.claims()
    claimed = [e for e in ledger.read_folder(NOTEBOOKS) if e["kind"] == "claim"]
    assert sorted(entry["name"] for entry in claimed) == sorted(table.index)
    assert all(table.loc[entry["name"], "notebook"] == entry["notebook"] for entry in claimed)
    assert not {entry["verdict"] for entry in claimed} - set(ledger.VERDICTS)


def test_findings_are_static_sentences_and_hold_in_the_committed_notebooks():
    found = [entry for entry in ledger.read_folder(NOTEBOOKS) if entry["kind"] == "finding"]
    assert len(found) > 25
    assert len({(entry["notebook"], entry["name"]) for entry in found}) == len(found)
    for entry in found:
        assert entry["holds"], entry["name"]
        assert not re.search(r"\d\.\d|\$", entry["name"]), entry["name"]


def test_words_of_a_table_are_to_the_left_and_numbers_to_the_right():
    table = pd.DataFrame({"title": ["a", "1"], "score": [0.5, None], "pay": ["$1,200", "–"]})
    cells = re.findall(r"<td(.*?)>(.*?)<", aligned(table.to_html()))
    assert {text for style, text in cells if "left" in style} == {"a", "1"}
    several = pd.concat({"b": table, "c": table})  # an index of two columns: words and numbers
    assert re.findall(r"<th(.*?)>(?:b|c|0)<", aligned(several.to_html()))[0].endswith('left;"')
    empty = pd.DataFrame({"a": []}).to_html()
    assert aligned(empty) == empty
