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
from nbformat.v4 import new_output
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
        self.kernels: list[Kernel] = []  # one, once it is there
        self.begun: list[Any] = []  # code cells, the last of which may still run
        self.replies: dict[str, dict] = {}  # of the kernel, by cell id
        hooks = {"scratch": scratch, "started": self.kernels.append}
        self.kernel_class = type("Kernel", (Kernel,), hooks)

    def execute(self, parameters: dict[str, Any], folder: str) -> tuple[str, float, str, bytes]:
        start, error = time.monotonic(), None
        patience = math.ceil(self.timeout) + 60  # our limit ends first
        with self._time_limit() as ran_out:
            try:
                papermill.execute_notebook(
                    self.source, None, parameters, kernel_name="python3", language="python",
                    # Not papermill's `cwd`, which changes the folder of this process.
                    resources={"metadata": {"path": folder}},
                    kernel_manager_class=self.kernel_class, shutdown_kernel="immediate",
                    start_timeout=patience, iopub_timeout=patience, shell_timeout_interval=1,
                    progress_bar=False, record_timing=False,
                    on_notebook_start=self._notebook_started,
                    on_cell_execute=lambda cell, cell_index: self.begun.append(cell),
                    on_cell_executed=self._cell_done,
                )  # fmt: skip
            except PapermillExecutionError:
                pass  # the notebook carries the error as an output
            except Exception as raised:
                error = raised
        status, problem = self._verdict(ran_out.is_set(), error)
        if problem and self.begun and not _errors(self.begun[-1]):
            told = problem if status == FAILED else status
            self.begun[-1].outputs.append(
                new_output("error", ename="NotebookEnded", evalue=told, traceback=[told])
            )
        content = _clean(self.notebook, self.source)
        return status, round(time.monotonic() - start, 1), problem, content

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
        for kernel in self.kernels:
            process = getattr(kernel.provisioner, "process", None)
            if process is not None:
                kill(process.pid)

    def _notebook_started(self, notebook: Any) -> None:
        self.notebook = notebook

    def _cell_done(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        self.replies[cell.id] = execute_reply["content"]

    def _verdict(self, ran_out: bool, error: Exception | None) -> tuple[str, str]:
        """Status, and what kept the notebook from running to its end, in one line ("": nothing).

        The first error output decides. There is none where the message cannot be sent (half a
        surrogate pair), so each cell must have a number and the kernel's "ok" besides.
        """
        place = f"In [{len(self.begun)}]" if self.begun else ""
        stopped = f"{place} was running" if place else "The kernel did not start"
        if ran_out:
            return f"timed out after {self.timeout:g} s", stopped
        if isinstance(error, RuntimeError) and "died" in str(error):
            return DIED, stopped
        for cell in self.notebook.cells:
            if not _runs(cell):
                continue
            reply = self.replies.get(cell.id, {})
            told = [*_errors(cell), *([reply] if reply.get("status") == "error" else [])]
            if told:
                name, sentence = told[0].get("ename", "an error"), told[0].get("evalue", "")
                return FAILED, _one_line(f"In [{cell.execution_count}] raised {name}", sentence)
            if error is None and (reply.get("status") != "ok" or cell.execution_count is None):
                return FAILED, f"{place} did not run to its end"
        return (FAILED, _one_line(type(error).__name__, error)) if error else (PASSED, "")


def _runs(cell: Any) -> bool:
    """Whether a cell is executed, and may not raise."""
    exempt = {"skip-execution", "raises-exception"} & set(cell.metadata.get("tags", []))
    return cell.cell_type == "code" and bool(cell.source.strip()) and not exempt


def _errors(cell: Any) -> list[Any]:
    return [output for output in cell.get("outputs", []) if output["output_type"] == "error"]


def _one_line(name: str, sentence: object) -> str:
    line = " ".join(f"{name}: {str(sentence)[: 2 * LONGEST]}".split()).removesuffix(":")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


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
        cell.metadata = dict(own.get(cell.id, {"tags": ["injected-parameters"]}))
        for trace in ("papermill", "execution"):
            cell.metadata.pop(trace, None)
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type == "error":
                    output.evalue = _without_local_paths(output.evalue)
                    output.traceback = [_without_local_paths(line) for line in output.traceback]
                elif output.get("name") == "stderr":
                    output.text = _without_local_paths(output.text)
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    text = nbformat.writes(nbformat.from_dict(notebook)) + "\n"
    # Half a surrogate pair, which a notebook may print, becomes the JSON escape it is.
    return text.encode("utf-8", errors="backslashreplace")


def _merged_streams(outputs: list) -> list:
    """Join the pieces of printed text, which are cut at random, between two other outputs."""
    merged = []
    for is_stream, group in itertools.groupby(outputs, lambda out: out.output_type == "stream"):
        pieces = list(group)
        if is_stream:  # stdout and stderr arrive on two ways, in either order
            texts = {name: "".join(piece.text for piece in pieces if piece.name == name)
                     for name in ("stdout", "stderr")}  # fmt: skip
            pieces = [new_output("stream", name=name, text=text)
                      for name, text in texts.items() if text]  # fmt: skip
        merged += pieces
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
