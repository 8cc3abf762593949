"""The processes that execute notebooks, one notebook at a time, each in a fresh kernel.

They are processes because papermill changes the working directory of its process. The
first half is the parent's side, the second the worker's.
"""

import contextlib
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
import textwrap
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from careerlib.jobs import Job
from careerlib.project import ROOT

PASSED, FAILED, DIED = "passed", "failed", "kernel died"


@dataclass(frozen=True)
class Outcome:
    """What a worker reports of a notebook: the executed `text` is None if there is none to keep."""

    status: str
    seconds: float
    problem: str | None = None
    text: str | None = field(default=None, repr=False)


def execute_all(
    planned: list[Job], workers: int, timeout: float, folder: Path, output: Path
) -> Iterator[tuple[Job | None, str | Outcome]]:
    """Yield what happens: (job, "started"), (job, "cell"), (job, Outcome), (None, "waiting").

    Leaving the generator, at the end or by Ctrl-C, ends the workers with their kernels and
    removes everything temporary.
    """
    context = multiprocessing.get_context("spawn")
    waiting, busy, processes = deque(planned), {}, []

    def start_worker() -> tuple[Connection, Path]:
        here = Path(scratch) / str(len(processes))
        here.mkdir()
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(theirs, timeout, folder, output, here), daemon=True
        )
        processes.append(process)
        with _interrupts_held_back():
            process.start()
        theirs.close()  # now the end of the worker shows as the end of its messages
        return ours, here

    def hand_out(connection: Connection, here: Path) -> Job:
        job = waiting.popleft()
        busy[connection] = job, here
        with contextlib.suppress(OSError):  # a dead worker: `recv` below finds out
            connection.send(job)
        return job

    with tempfile.TemporaryDirectory(prefix="careerlib-", ignore_cleanup_errors=True) as scratch:
        try:
            for worker in [start_worker() for _ in range(workers)]:
                yield hand_out(*worker), "started"
            while busy:
                ready = wait(list(busy), timeout=1)
                if not ready:
                    yield None, "waiting"
                for connection in ready:
                    job, here = busy[connection]
                    worker = connection, here
                    try:
                        news = connection.recv()
                    except (EOFError, OSError):
                        last = _last_line(here) or "nothing"
                        told = f"Its worker process was ended, having last written: {last}"
                        news, worker = Outcome(FAILED, 0.0, told), None
                    yield job, news
                    if isinstance(news, Outcome):
                        del busy[connection]
                        if waiting:
                            yield hand_out(*(worker or start_worker())), "started"
        finally:
            started = [process for process in processes if process.pid]
            for process in started:
                process.terminate()
            for process in started:
                process.join(5)
                if process.is_alive():
                    process.kill()
                    process.join()


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let a new worker inherit a blocked Ctrl-C, until it has left that to its parent."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # The helper of multiprocessing unblocks the signal when it starts, so it starts first.
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _last_line(scratch: Path) -> str:
    """Last thing that the worker, or a kernel that never came up, wrote to standard error."""
    path = scratch / "stderr.txt"
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    lines = [line.strip() for line in text.splitlines() if "IPKernelApp] WARNING" not in line]
    return next((line for line in reversed(lines) if line), "")


# The worker's side.


def _work(
    connection: Connection, timeout: float, folder: Path, output: Path, scratch: Path
) -> None:
    """Execute one notebook after the other until the parent ends this process."""
    worker = _Worker(connection, timeout, scratch)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with open(scratch / "stderr.txt", "wb") as errors:  # kernels would write into the bars
        os.dup2(errors.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    tempfile.tempdir = str(scratch)  # for the connection files of the kernels
    _set_environment(output, scratch)
    os.environ["CAREERLIB_STARTED_IN"] = str(Path.cwd())  # where paths given as parameters start
    os.chdir(folder)
    threading.Thread(target=worker.stop_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError):  # the parent is gone
        while True:
            connection.send(worker.execute(connection.recv()))


def _set_environment(output: Path, scratch: Path) -> None:
    """Set what the kernels inherit: only the notebook and its parameters may change a result."""
    environment = os.environ
    environment["CAREERLIB_OUTPUTS"] = str(output)
    # The kernel imports the careerlib that started it, installed or not.
    paths = [str(ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    # Start-up files, a chosen plot backend and kernels of other environments belong to the user.
    environment["IPYTHONDIR"] = str(scratch / "ipython")
    environment["JUPYTER_RUNTIME_DIR"] = str(scratch / "jupyter")
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    environment.pop("PYTHONSTARTUP", None)
    environment.pop("MPLBACKEND", None)
    # Sets print in the same order each time, and two jobs do not fight for the same cores.
    environment.setdefault("PYTHONHASHSEED", "0")
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment.setdefault(threads, "1")


class _Worker:
    """Executes notebooks with papermill and knows which kernel and which cell is running."""

    def __init__(self, connection: Connection, timeout: float, scratch: Path) -> None:
        self.connection = connection
        self.timeout = timeout
        self.scratch = scratch
        self.manager = None  # of the current kernel
        self.notebook = None  # while it is being executed
        self.cell = None  # the one that runs
        self.count = 0  # code cells begun, the number in "In [3]"

    def stop(self, *_: object) -> None:
        """Handle the parent's request to end: take the kernel along."""
        self.kill_kernel()
        os._exit(1)

    def stop_with_parent(self) -> None:
        """Leave no kernel behind if the parent is killed and cannot ask."""
        wait([multiprocessing.parent_process().sentinel])
        self.stop()

    def kill_kernel(self) -> None:
        process = getattr(getattr(self.manager, "provisioner", None), "process", None)
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)  # with the processes it started
            else:
                process.kill()

    def execute(self, job: Job) -> Outcome:
        import papermill
        from papermill.exceptions import PapermillExecutionError

        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all
        start = time.monotonic()
        source = _notebook(job.text)
        self.manager, self.notebook, self.cell, self.count = None, source, None, 0
        problem = None
        with self._time_limit() as ran_out:
            try:
                self.notebook = papermill.execute_notebook(
                    source,
                    None,
                    parameters=job.parameters,
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    kernel_manager_class=self._kernel_manager_class(),
                    start_timeout=math.ceil(self.timeout) + 60,  # ours ends first
                    # A kernel that answers slowly is no error either within the time limit.
                    iopub_timeout=math.ceil(self.timeout) + 60,
                    shell_timeout_interval=1,
                    record_timing=False,
                    on_notebook_start=self._notebook_started,
                    on_cell_execute=self._cell_begun,
                    on_cell_executed=self._cell_done,
                )
            except PapermillExecutionError:
                pass  # the notebook carries the error as an output
            except Exception as error:
                problem = error
        if ran_out.is_set():
            status, sentence = f"timed out after {self.timeout:g} s", self._stop_point()
        elif isinstance(problem, RuntimeError) and "died" in str(problem):
            status, sentence = DIED, self._stop_point()
            if self.cell is None:
                sentence = f"{sentence}. {_last_line(self.scratch)}".strip()
        else:
            status, sentence = _verdict(self.notebook, problem)
        if status != PASSED and self.cell is not None and not _error(self.cell):
            self._add_error(status)
        seconds = round(time.monotonic() - start, 1)
        return Outcome(status, seconds, sentence, _clean(self.notebook, source))

    @contextlib.contextmanager
    def _time_limit(self) -> Iterator[threading.Event]:
        """Kill the kernel when time runs out: whatever papermill waits for then ends by itself."""
        finished, ran_out = threading.Event(), threading.Event()

        def watch() -> None:
            if not finished.wait(self.timeout):
                ran_out.set()
                while not finished.wait(0.1):  # again, if the kernel is only just starting
                    self.kill_kernel()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield ran_out
        finally:
            finished.set()
            watcher.join()

    def _kernel_manager_class(self) -> type:
        """Class of a kernel manager that knows one kernel only: this very interpreter."""
        from jupyter_client import AsyncKernelManager
        from jupyter_client.kernelspec import KernelSpecManager

        worker = self

        class ThisInterpreter(AsyncKernelManager):
            def __init__(self, **options: Any) -> None:
                native_only = KernelSpecManager(kernel_dirs=[])
                super().__init__(kernel_spec_manager=native_only, **options)
                worker.manager = self

        return ThisInterpreter

    def _notebook_started(self, notebook: Any) -> None:
        self.notebook = notebook

    def _cell_begun(self, cell: Any, cell_index: int) -> None:
        self.cell = cell
        self.count += 1

    def _cell_done(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        self.connection.send("cell")

    def _stop_point(self) -> str:
        if self.cell is None:
            return "The kernel did not start"
        return f"In [{self.count}] was running"

    def _add_error(self, status: str) -> None:
        """Show in the kept notebook where it stopped; the kernel itself could not."""
        from nbformat.v4 import new_output

        told = {"ename": "NotebookEnded", "evalue": status}
        self.cell.outputs.append(
            new_output("error", **told, traceback=[f"NotebookEnded: {status}"])
        )


def _error(cell: Any) -> Any:
    outputs = cell.get("outputs", [])
    return next((output for output in outputs if output["output_type"] == "error"), None)


def _verdict(notebook: Any, problem: Exception | None) -> tuple[str, str | None]:
    """Status and sentence of a notebook that came to an end by itself.

    The first error output decides: papermill lets `sys.exit()` pass, but the cells below
    it never ran.
    """
    for cell in notebook.cells:
        error = _error(cell)
        if error:
            told = _one_line(error.ename, error.evalue)
            return FAILED, f"In [{cell.execution_count}] raised {told}"
    if problem:
        return FAILED, _one_line(type(problem).__name__, problem)
    return PASSED, None


def _one_line(name: str, sentence: object) -> str:
    return textwrap.shorten(f"{name}: {sentence}", 400, placeholder=" ...").removesuffix(":")


def _notebook(text: str) -> Any:
    """Notebook of format 4.5; cells from before ids existed get ids that are always the same."""
    import nbformat

    content = json.loads(text)
    content["nbformat_minor"] = max(5, content.get("nbformat_minor", 0))
    for number, cell in enumerate(content["cells"], start=1):
        cell.setdefault("id", f"cell-{number}")
    return nbformat.reads(json.dumps(content), as_version=4)


def _clean(executed: Any, source: Any) -> str:
    """Text of the executed notebook without anything that differs from run to run.

    Metadata is the source's own, so times, paths and flags of papermill and nbclient are gone.
    """
    import nbformat

    own = {cell.id: cell.metadata for cell in source.cells}
    own_id = itertools.count(1)
    for cell in executed.cells:
        tags = cell.metadata.get("tags", [])
        if cell.id not in own:  # put in by papermill, under a random id
            injected = "injected-parameters" in tags
            cell.id = "injected-parameters" if injected else f"error-marker-{next(own_id)}"
        cell.metadata = _without_traces(own.get(cell.id, {"tags": tags}))
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
            error = _error(cell)
            if error:
                error.evalue = _without_local_paths(error.evalue)
                error.traceback = [_without_local_paths(line) for line in error.traceback]
            for output in cell.outputs:
                if output.get("name") == "stderr":
                    output.text = _without_local_paths(output.text)
    executed.metadata = _without_traces(source.metadata) | {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.writes(nbformat.from_dict(executed)) + "\n"


def _without_traces(metadata: dict) -> dict:
    traces = ("papermill", "execution", "widgets")
    return {key: value for key, value in metadata.items() if key not in traces}


def _merged_streams(outputs: list) -> list:
    """Join the pieces of printed text, which are cut at random, between two other outputs."""
    merged = []
    for is_stream, group in itertools.groupby(outputs, lambda out: out.output_type == "stream"):
        if not is_stream:
            merged.extend(group)
            continue
        by_name = {}
        for output in group:
            if output.name in by_name:
                by_name[output.name].text += output.text
            else:
                by_name[output.name] = output
        # Printed text and warnings arrive on two ways, in either order.
        merged.extend(by_name[name] for name in ("stdout", "stderr") if name in by_name)
    return merged


def _without_local_paths(text: str) -> str:
    """Shorten what errors and warnings say about files to what is the same on every machine."""
    text = re.sub(r"\S*ipykernel_\d+[/\\](\d+\.py)", r"<cell>/\1", text)
    names = {ROOT: ".", sys.prefix: "<environment>", sys.base_prefix: "<python>"}
    names[Path.home()] = "~"
    for path, name in names.items():
        text = text.replace(f"{path}{os.sep}", f"{name}{os.sep}")
    return text
