"""One notebook executed by papermill, in a process that does nothing else (see engine.py).

papermill leaves a few things open that are closed here: the time limit holds for the whole
notebook, passed is only what ran every cell to its end, and the same input gives the same file.
"""

import itertools
import json
import logging
import math
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
from multiprocessing import connection
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_output
from papermill.exceptions import PapermillExecutionError

from careerlib.engine import FIXED, INLINE, kill
from careerlib.project import ROOT, replace_file

LONGEST = 400  # characters of a problem that are told
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py", "mimetype": "text/x-python", "name": "python",
        "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
    },
}  # fmt: skip


def main(
    scratch: str, variables: dict, text: str, parameters: dict, timeout: float, folder: str
) -> None:
    """What the process does: it leaves status, problem ("" if it passed) and the executed notebook.

    scratch: a folder that is the process's own; there is `outcome` at the end. variables: of the
    environment. text: the notebook as JSON. timeout: seconds, start of the kernel included.
    folder: where the kernel runs, if this machine has it.
    """
    _settle(scratch, variables, folder if Path(folder).is_dir() else scratch)
    start, error, kernel = time.monotonic(), None, Kernel(scratch)
    limit = threading.Timer(timeout, kernel.end)  # whatever papermill waits for then ends by itself
    limit.daemon = True
    limit.start()
    patience = math.ceil(timeout) + 60  # our limit ends first
    source = nbformat.reads(text, as_version=4)
    executed, begun, replies = [source], [], {}  # code cells, and the kernel's replies by cell id
    try:
        papermill.execute_notebook(
            source, None, parameters, kernel_name="python3", language="python", km=kernel,
            start_timeout=patience, iopub_timeout=patience, shell_timeout_interval=1,
            progress_bar=False, on_notebook_start=lambda notebook: executed.append(notebook),
            on_cell_execute=lambda cell, cell_index: begun.append(cell),
            on_cell_executed=lambda cell, cell_index, execute_reply: replies.update(
                {cell.id: execute_reply["content"]}),
        )  # fmt: skip
    except PapermillExecutionError:
        pass  # the notebook carries the error as an output
    except Exception as raised:
        error = raised
    ran_out = f"timed out after {timeout:g} s" if time.monotonic() > start + timeout else ""
    stopped = ran_out or ("kernel died" if "died" in str(error) else "")
    kernel.end()
    place = f"In [{len(begun)}] was running" if begun else "The kernel did not start"
    problem = place if stopped else _problem(begun, replies, error)
    problem = " ".join(problem.split()).rstrip(":")
    if problem and begun and not _errors(begun[-1]):
        told = stopped or problem
        begun[-1].outputs.append(new_output("error", ename="Ended", evalue=told, traceback=[told]))
    status = stopped or ("failed" if problem else "passed")
    outcome = json.dumps([status, problem, _clean(executed[-1], source)])
    replace_file(Path(scratch, "outcome"), outcome.encode())


def _settle(scratch: str, variables: dict[str, str], folder: str) -> None:
    """Only the notebook and its parameters may change a result; this process ends with its parent.

    Start-up files, a chosen plot backend, and the folder that the run was started in, are the
    user's. The kernel inherits what is set here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with open(os.devnull, "wb") as nothing:  # kernels would write into the progress bar
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    own = [str(ROOT), *filter(None, variables.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path[:] = [path for path in sys.path if path in own or path not in ("", os.getcwd())]
    os.environ.clear()
    os.environ |= FIXED | variables | INLINE
    os.environ |= {"PYTHONPATH": os.pathsep.join(own), "PYTHONSTARTUP": ""}
    os.environ |= {"IPYTHONDIR": f"{scratch}/ipython", "TMPDIR": scratch}
    tempfile.tempdir = scratch
    os.chdir(folder)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all


def end_with_parent() -> None:
    def watch() -> None:
        connection.wait([multiprocessing.parent_process().sentinel])
        kill(os.getpid())

    threading.Thread(target=watch, daemon=True).start()


class Kernel(AsyncKernelManager):
    """A kernel of this very interpreter: a fork of this process, where there are forks."""

    def __init__(self, scratch: str) -> None:
        options = {"connection_file": str(Path(scratch, "kernel.json"))}
        if os.name == "posix" and len(scratch) < 90:  # no port can be taken, no other user connects
            options |= {"transport": "ipc", "ip": str(Path(scratch, "socket"))}
        super().__init__(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **options)
        self.forked = None
        if hasattr(os, "fork"):  # at once, while this process has no threads
            context = multiprocessing.get_context("fork")
            arguments, self.arguments = context.Pipe(duplex=False)
            multiprocessing.current_process().daemon = False  # it may have children
            self.forked = context.Process(target=_become_kernel, args=(arguments,))
            self.forked.start()
        end_with_parent()

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        if self.forked is None:
            await super()._async_launch_kernel(kernel_cmd, **options)
            return
        self.arguments.send(kernel_cmd[kernel_cmd.index("ipykernel_launcher") + 1 :])
        self.forked.poll = lambda: self.forked.exitcode  # type: ignore
        self.provisioner.process, self.provisioner.pid = self.forked, self.forked.pid  # type: ignore

    def end(self) -> None:
        """Kill the kernel and all that it started."""
        process = self.forked or getattr(self.provisioner, "process", None)
        if process is not None:
            kill(process.pid)


def _become_kernel(arguments: Any) -> None:
    """What a forked process does: be a kernel that ends with the process that asked for it."""
    from ipykernel import kernelapp

    os.setsid()
    end_with_parent()
    given = arguments.recv()
    sys.argv = ["ipykernel_launcher", *given]
    if "pandas" in sys.modules:  # as it is where pandas is imported in a kernel
        sys.modules["pandas"].set_option("display.max_columns", 20)
    # 1 is a parent to it that never goes away; it says how to connect if it has none.
    kernelapp.launch_new_instance(argv=[*given, "--IPKernelApp.parent_handle=1"])


def _problem(begun: list, replies: dict[str, dict], error: Exception | None) -> str:
    """What kept the notebook from running to its end ("": nothing).

    The first error output decides. There is none where the message cannot be sent (half a
    surrogate pair), so each cell must have a number and the kernel's "ok" besides.
    """
    for cell in begun:
        reply = replies.get(cell.id, {"status": "missing"})
        failed = reply["status"] != "ok" or cell.execution_count is None
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        if told := [*_errors(cell), *([reply] if "ename" in reply else [])]:
            name, sentence = told[0]["ename"], told[0]["evalue"]
            return f"In [{cell.execution_count}] raised {name}: {sentence[:LONGEST]}"
        if failed and error is None:
            return f"In [{len(begun)}] did not run to its end"
    return f"{type(error).__name__}: {str(error)[:LONGEST]}" if error else ""


def _errors(cell: Any) -> list[Any]:
    return [output for output in cell.get("outputs", []) if output["output_type"] == "error"]


def _clean(executed: Any, source: Any) -> str:
    """The executed notebook without anything that differs from run to run: times, paths, ids."""
    own, injected = {cell.id: cell.metadata for cell in source.cells}, "injected-parameters"
    marker = "papermill-error-cell-tag"
    cells = [cell for cell in executed.cells if marker not in cell.metadata.get("tags", [])]
    for cell in cells:
        if cell.id not in own:  # put in by papermill, under a random id
            cell.id = injected
        cell.metadata = own.get(cell.id, {"tags": [injected]})
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [_without_local_paths(output) for output in _merged(cell.outputs)]
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    text = nbformat.writes(nbformat.from_dict(notebook)) + "\n"
    # Half a surrogate pair, which a notebook may print, becomes the JSON escape it is.
    return text.encode("utf-8", errors="backslashreplace").decode()


def _merged(outputs: list) -> list:
    """Join the pieces of printed text, cut at random and from two ways, between other outputs."""
    merged = []
    for is_stream, group in itertools.groupby(outputs, lambda out: out.output_type == "stream"):
        if not is_stream:
            merged += group
            continue
        pieces = sorted(group, key=lambda out: out.name == "stderr")
        for name, same in itertools.groupby(pieces, lambda out: out.name):
            merged.append(new_output("stream", name=name, text="".join(out.text for out in same)))
    return merged


def _without_local_paths(output: Any) -> Any:
    """Shorten what errors and warnings say about files to what is the same on every machine."""
    names = {ROOT: ".", sys.prefix: "<environment>", sys.base_prefix: "<python>", Path.home(): "~"}

    def shorten(text: str) -> str:
        # Only from the beginning of a word: from each of its characters would take quadratic time.
        text = re.sub(r"(?<!\S)\S*ipykernel_\d+[/\\](\d+\.py)", r"<cell>/\1", text)
        for path, name in names.items():
            text = text.replace(f"{path}{os.sep}", f"{name}{os.sep}")
        return text

    if output.output_type == "error":
        output.evalue = shorten(output.evalue)
        output.traceback = [shorten(line) for line in output.traceback]
    elif output.get("name") == "stderr":
        output.text = shorten(output.text)
    return output
