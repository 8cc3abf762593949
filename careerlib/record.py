"""What a notebook measures: kept for the tests and the ledger, and shown to the reader."""

import json
import os
from pathlib import Path

import pandas as pd
from IPython.display import Markdown, display

from careerlib import claims
from careerlib.errors import CareerlibError
from careerlib.project import OUTPUTS, replace_file


def outputs_folder() -> Path:
    """Where a run writes: $CAREERLIB_OUTPUTS, or outputs/ of the project."""
    return Path(os.environ.get("CAREERLIB_OUTPUTS") or OUTPUTS)


def given_path(path: str) -> Path:
    """A path given as a parameter: relative to where the run was started, not to the notebook."""
    return Path(os.environ.get("CAREERLIB_STARTED_IN", ""), path)


def say(text: str) -> None:
    """Show a computed sentence as text, so that a number in it cannot go stale."""
    display(Markdown(_escaped(text)))


def _escaped(text: str) -> str:
    """Two "O*NET" in one paragraph would be read as emphasis."""
    return text.replace("O*NET", r"O\*NET")


def table(frame: pd.DataFrame, **formats: str) -> None:
    """Show a short table without its index; formats: {column: format, such as ".1f"}."""
    say(markdown_table(frame, **formats))


def markdown_table(frame: pd.DataFrame, **formats: str) -> str:
    """`frame` as a Markdown table; numbers are right-aligned, missing cells are "–"."""
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]

    def cell(value, column: str = "") -> str:
        if pd.isna(value):
            return "–"
        return format(value, formats.get(column, "")).replace("|", "\\|")

    rows = [
        [cell(column) for column in frame],
        ["---:" if right else "---" for right in numeric],
        *([cell(value, column) for value, column in zip(row, frame, strict=True)]
          for row in frame.itertuples(index=False)),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Record:
    """The measurements of one run of a notebook.

    notebook: its name without ending. parameters: those that its figures depend on.
    """

    def __init__(self, notebook: str, **parameters):
        self.notebook = notebook
        self.parameters = parameters
        self.measurements: dict[str, object] = {}

    def measure(self, **values) -> None:
        """Keep these measurements; floats to six decimals, which is what is stable."""
        self.measurements.update({name: _plain(value) for name, value in values.items()})

    def ledger(self) -> None:
        """Show this notebook's claims beside the measurements, and write the record."""
        record = {"notebook": self.notebook, "parameters": self.parameters,
                  "measurements": self.measurements}
        rows = claims.ledger({self.notebook: record}, self.notebook)
        shown = rows[["claim", "document", "stated", "measured", "verdict", "reason"]]
        table(shown.rename(columns={"claim": "the claim", "document": "of the",
                                    "measured": "we measured"}))
        changed = claims.changed_settings(self.notebook, self.parameters)
        if changed:
            say(f"**This run used other settings than the post: {changed}. The post's figures no "
                "longer apply**, so nothing above is compared with them.")
        self._write(record)

    def _write(self, record: dict) -> None:
        folder = outputs_folder() / "metrics"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            content = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
            replace_file(folder / f"{self.notebook}.json", content.encode())
        except OSError as error:
            raise CareerlibError(
                f"The measurements cannot be written to {folder} ({error.strerror}); set "
                "CAREERLIB_OUTPUTS to a folder that can be written."
            ) from None


def _plain(value):
    """`value` in JSON's types: NumPy scalars and arrays converted, floats rounded."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return round(value, 6) if isinstance(value, float) else value
