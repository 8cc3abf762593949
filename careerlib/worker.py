"""One notebook executed by papermill: what a process of a run, or a Dask worker, does.

papermill leaves a few things open that are closed here: the time limit holds for the whole
notebook, passed is only what ran every cell to its end, and the same input gives the same file.
"""

import contextlib
import itertools
import json
import logging
import math
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from careerlib.engine import kill
from careerlib.errors import CareerlibError
from careerlib.kernels import Kernel, prepare
from careerlib.project import ROOT, fingerprint

PASSED, FAILED, DIED = "passed", "failed", "kernel died"
LONGEST = 400  # characters of a problem that are told
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py", "mimetype": "text/x-python", "name": "python",
        "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
    },
}  # fmt: skip


def execute(
    text: str, parameters: dict[str, Any], timeout: float, folder: str, version: str
) -> tuple[str, float, str, bytes]:
    """Execute a notebook; return its status, seconds, problem ("" if it passed) and new content.

    text: the notebook as JSON. timeout: seconds, start of the kernel included. folder: where the
    kernel runs, if this machine has it. version: the fingerprint of the careerlib that asks.
    """
    if version != fingerprint():
        raise CareerlibError("A worker has another version of careerlib; install this one there.")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all
    prepare(text)
    with tempfile.TemporaryDirectory(prefix="careerlib-", ignore_cleanup_errors=True) as scratch:
        run = _Run(_notebook(text), timeout, Path(scratch))
        return run.execute(parameters, folder if Path(folder).is_dir() else scratch)


class _Run:
    """The execution of one notebook: its kernel, and how far it has come."""

    def __init__(self, source: Any, timeout: float, scratch: Path) -> None:
        self.source = self.notebook = source
        self.timeout = timeout
        self.kernel: Kernel | None = None
        self.cell: Any = None  # the one that runs
        self.begun = 0  # code cells begun, the number in "In [3]"
        self.replies: dict[str, dict] = {}  # of the kernel, by cell id
        hooks = {"scratch": scratch, "started": self._kernel_started}
        self.kernel_class = type("Kernel", (Kernel,), hooks)

    def execute(self, parameters: dict[str, Any], folder: str) -> tuple[str, float, str, bytes]:
        start, error = time.monotonic(), None
        with self._time_limit() as ran_out:
            try:
                # Without a folder for papermill, which would change this process's own.
                papermill.execute_notebook(
                    self.source,
                    None,
                    parameters,
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    record_timing=False,
                    resources={"metadata": {"path": folder}},
                    kernel_manager_class=self.kernel_class,
                    shutdown_kernel="immediate",
                    # Ours ends first; a kernel that answers slowly is no error within it.
                    start_timeout=math.ceil(self.timeout) + 60,
                    iopub_timeout=math.ceil(self.timeout) + 60,
                    shell_timeout_interval=1,
                    on_notebook_start=self._notebook_started,
                    on_cell_execute=self._cell_begun,
                    on_cell_executed=self._cell_done,
                )
            except PapermillExecutionError:
                pass  # the notebook carries the error as an output
            except Exception as raised:
                error = raised
        if ran_out.is_set():
            status, problem = f"timed out after {self.timeout:g} s", self._stop_point()
        elif isinstance(error, RuntimeError) and "died" in str(error):
            status, problem = DIED, self._stop_point()
        else:
            problem = self._problem(error)
            status = FAILED if problem else PASSED
        if problem and self.cell is not None and not _errors(self.cell):
            self._add_error(status if status != FAILED else problem)
        seconds = round(time.monotonic() - start, 1)
        return status, seconds, problem, _clean(self.notebook, self.source)

    @contextlib.contextmanager
    def _time_limit(self) -> Iterator[threading.Event]:
        """Kill the kernel when time runs out: whatever papermill waits for then ends by itself."""
        finished, ran_out = threading.Event(), threading.Event()

        def watch() -> None:
            if not finished.wait(self.timeout):
                ran_out.set()
                while not finished.wait(0.1):  # again, if the kernel is only just starting
                    self._kill_kernel()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield ran_out
        finally:
            finished.set()
            watcher.join()
            self._kill_kernel()  # with the processes that it started

    def _kill_kernel(self) -> None:
        process = getattr(getattr(self.kernel, "provisioner", None), "process", None)
        if process is not None:
            kill(process.pid)

    def _kernel_started(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def _notebook_started(self, notebook: Any) -> None:
        self.notebook = notebook

    def _cell_begun(self, cell: Any, cell_index: int) -> None:
        self.cell = cell
        self.begun += 1

    def _cell_done(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        self.replies[cell.id] = execute_reply["content"]

    def _stop_point(self) -> str:
        return f"In [{self.begun}] was running" if self.begun else "The kernel did not start"

    def _problem(self, error: Exception | None) -> str:
        """What kept the notebook from running to its end, in one line; "" if nothing did.

        The first error output decides. There is none where the message cannot be sent (half a
        surrogate pair), so each cell must have a number and the kernel's "ok" besides.
        """
        cells = [cell for cell in self.notebook.cells if _runs(cell)]
        for cell in cells:
            where = f"In [{cell.execution_count}] raised"
            if told := next(iter(_errors(cell)), None):
                return _one_line(where, told.ename, told.evalue)
            reply = self.replies.get(cell.id, {})
            if reply.get("status") == "error":
                return _one_line(where, reply.get("ename", "an error"), reply.get("evalue", ""))
        if error:
            return _one_line("", type(error).__name__, error)
        ended = [cell for cell in cells if self.replies.get(cell.id, {}).get("status") == "ok"]
        if any(cell not in ended or cell.execution_count is None for cell in cells):
            return f"In [{self.begun}] did not run to its end"
        return ""

    def _add_error(self, told: str) -> None:
        """Show in the kept notebook where it stopped; the kernel itself could not."""
        error = {"ename": "NotebookEnded", "evalue": told, "traceback": [told]}
        self.cell.outputs.append(nbformat.v4.new_output("error", **error))


def _runs(cell: Any) -> bool:
    """Whether a cell is executed, and may not raise."""
    exempt = {"skip-execution", "raises-exception"} & set(cell.metadata.get("tags", []))
    return cell.cell_type == "code" and bool(cell.source.strip()) and not exempt


def _errors(cell: Any) -> list[Any]:
    return [output for output in cell.get("outputs", []) if output["output_type"] == "error"]


def _one_line(where: str, name: str, sentence: object) -> str:
    words = f"{where} {name}: {str(sentence)[: 2 * LONGEST]}".split()
    text = " ".join(words).removesuffix(":")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _notebook(text: str) -> Any:
    """Notebook of format 4.5; cells from before ids existed get ids that are always the same."""
    content = json.loads(text)
    content["nbformat_minor"] = max(5, content.get("nbformat_minor", 0))
    for number, cell in enumerate(content["cells"], start=1):
        cell.setdefault("id", f"cell-{number}")
    return nbformat.reads(json.dumps(content), as_version=4)


def _clean(executed: Any, source: Any) -> bytes:
    """The executed notebook without anything that differs from run to run: times, paths, ids."""
    own = {cell.id: cell.metadata for cell in source.cells}
    marker = "papermill-error-cell-tag"
    cells = [cell for cell in executed.cells if marker not in cell.metadata.get("tags", [])]
    for cell in cells:
        if cell.id not in own:  # put in by papermill, under a random id
            cell.id = "injected-parameters"
        metadata = own.get(cell.id, {"tags": ["injected-parameters"]})
        traces = ("papermill", "execution")
        cell.metadata = {name: value for name, value in metadata.items() if name not in traces}
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
            for error in _errors(cell):
                error.evalue = _without_local_paths(error.evalue)
                error.traceback = [_without_local_paths(line) for line in error.traceback]
            for output in cell.outputs:
                if output.get("name") == "stderr":
                    output.text = _without_local_paths(output.text)
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    text = nbformat.writes(nbformat.from_dict(notebook)) + "\n"
    # Half a surrogate pair, which a notebook may print, becomes the JSON escape it is.
    return text.encode("utf-8", errors="backslashreplace")


def _merged_streams(outputs: list) -> list:
    """Join the pieces of printed text, which are cut at random, between two other outputs."""
    merged = []
    for is_stream, group in itertools.groupby(outputs, lambda out: out.output_type == "stream"):
        if not is_stream:
            merged.extend(group)
            continue
        texts = {"stdout": [], "stderr": []}  # they arrive on two ways, in either order
        for output in group:
            texts[output.name].append(output.text)
        for name, pieces in texts.items():
            if pieces:
                merged.append(nbformat.v4.new_output("stream", name=name, text="".join(pieces)))
    return merged


def _without_local_paths(text: str) -> str:
    """Shorten what errors and warnings say about files to what is the same on every machine."""
    # Only from the beginning of a word: from each of its characters would take quadratic time.
    text = re.sub(r"(?<!\S)\S*ipykernel_\d+[/\\](\d+\.py)", r"<cell>/\1", text)
    names = {ROOT: ".", sys.prefix: "<environment>", sys.base_prefix: "<python>"}
    names[Path.home()] = "~"
    for path, name in names.items():
        text = text.replace(f"{path}{os.sep}", f"{name}{os.sep}")
    return text
