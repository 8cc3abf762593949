"""Findings and claims: what they show, what they carry, and how they are read back."""

import re
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from careerlib import ledger
from careerlib.figures import aligned
from careerlib.project import NOTEBOOKS


def shown(call, *args, **kwargs):
    """The data that `call` displays."""
    with patch("IPython.display.display") as display:
        call(*args, **kwargs)
    return display.call_args.args[0]


def test_a_finding_has_its_figures_in_its_sentence_and_says_whether_it_holds():
    name, said = "{share:.1%} < {what}", {"share": 0.12345678, "what": "all"}
    data = shown(ledger.finding, name, np.True_, **said)
    assert data["text/plain"] == "✓ 12.3% < all" and "12.3% &lt; all" in data["text/html"]
    entry = {"kind": "finding", "name": name, "holds": True, "figures": {"share": 0.123457}}
    assert data[ledger.MIME] == [entry]
    told = shown(ledger.finding, name, False, **said)["text/plain"]
    assert told == "✗ 12.3% < all (does not hold with these settings)"


@pytest.mark.parametrize(("arguments", "measured", "verdict"), [
    (("test-accuracy", 0.78), "78.00%", ledger.REPRODUCED),
    (("test-accuracy", 0.7801), "78.01%", ledger.NOT_SUPPORTED),
    (("overfitted", "no gap", ledger.NOT_SUPPORTED, "why"), "no gap", ledger.NOT_SUPPORTED),
    (("test-accuracy", 0.7, None, "", False), "70.00%", ledger.OTHER_SETTINGS),
])  # fmt: skip
def test_a_claim_is_judged(arguments, measured, verdict):
    data = shown(ledger.verdicts, ledger.claim(*arguments), ledger.claim("recall", 0.87))
    entry, other = data[ledger.MIME]
    assert other["name"] == "recall" and data["text/html"].count("<tr") == 3
    assert (entry["measured"], entry["verdict"]) == (measured, verdict)
    assert verdict in data["text/plain"] and measured in data["text/plain"]


def test_a_claims_row_is_read_from_its_own_notebook_and_from_no_copy():
    right, wrong = (ledger.claim("test-accuracy", value) for value in (0.78, 0.5))
    notebooks = {"04_training_and_metrics": right, "05_a_copy": wrong}
    table = ledger.ledger({"notebook": name, **entry} for name, entry in notebooks.items())
    assert table.loc["test-accuracy", "measured"] == "78.00%"
    assert table.loc["recall", "verdict"] == ledger.NOT_RUN
    told = f"Of {len(table)} claims: 1 reproduced; {len(table) - 1} not run."
    assert ledger.headline(table["verdict"]) == told


def test_in_the_committed_notebooks_claims_are_judged_once_and_static_findings_hold():
    entries = ledger.read_folder(NOTEBOOKS)
    table = ledger.ledger(entries)
    assert sorted(e["name"] for e in entries if e["kind"] == "claim") == sorted(table.index)
    assert set(table["verdict"]) <= set(ledger.VERDICTS)
    found = [entry for entry in entries if entry["kind"] == "finding"]
    assert len({(entry["notebook"], entry["name"]) for entry in found}) == len(found) > 25
    for entry in found:
        assert entry["holds"] and not re.search(r"\d\.\d|\$", entry["name"]), entry["name"]


def test_words_of_a_table_are_to_the_left_and_numbers_to_the_right():
    table = pd.DataFrame({"title": ["a", "1"], "score": [0.5, None], "pay": ["$1,200", "–"]})
    cells = re.findall(r"<td(.*?)>(.*?)<", aligned(table.to_html()))
    assert {text for style, text in cells if "left" in style} == {"a", "1"}
