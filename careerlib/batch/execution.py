"""papermill in kernels side by side, by threads here or on a Dask cluster. A time limit holds
for a whole notebook, no output is lost, passed is what ran to its end, files are reproducible."""

import asyncio
import itertools
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, NamedTuple

import nbformat
import papermill
import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.utils import ensure_event_loop
from nbformat.v4 import new_output
from tqdm import tqdm
from traitlets.config import Config

from careerlib.errors import told
from careerlib.project import ROOT, fingerprint

CONNECT = 10  # seconds that a scheduler may take to answer
SCRATCH = "careerlib-kernel-"  # beginning of the name of a kernel's own folder
# Two notebooks do not fight for the same cores, sets print in the same order each time, and
# nothing of somebody's own terminal changes a result or fails it.
FIXED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
         "LC_ALL": "C", "PYTHONUTF8": "1", "PYTHONSTARTUP": "", "PYTHONWARNINGS": "",
         "MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # fmt: skip
# A kernel's outputs go through a socket that drops what is not read in time. With this option
# (69 is zmq.XPUB_NODROP) the kernel waits instead.
KEEP_ALL = "(lambda thread: thread.schedule(lambda: thread.socket.setsockopt(69, 1)))(" \
    "get_ipython().kernel.iopub_thread)"  # fmt: skip
for name in ("papermill", "asyncio"):  # the outcome says it all
    logging.getLogger(name).setLevel(logging.CRITICAL)


class Run(NamedTuple):
    """A notebook to execute; or executed, and then `problem` is "" if it passed."""

    path: Path  # its kernel runs in this folder
    text: str  # of the notebook, before without outputs
    parameters: dict[str, Any]
    seconds: float = 0.0
    problem: str = ""


def environment(**more: str) -> dict[str, str]:
    """The variables of this process, with all that is fixed, and with this careerlib."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.getenv("PYTHONPATH")]))
    return os.environ | FIXED | {"PYTHONPATH": path} | more


class Kernel(AsyncKernelManager):
    """A kernel of this very Python; what it writes is in the folder of its connection file."""

    def start_kernel(self, **options: Any) -> Any:
        folder = str(Path(self.connection_file).parent)
        self.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        # No port that another kernel takes meanwhile; the name of a socket has 103 letters at most.
        if os.name == "posix" and len(folder) < 90:
            self.transport = "ipc"
        env = environment(IPYTHONDIR=folder, TMPDIR=folder, TEMP=folder)
        return super().start_kernel(**options, env=env, stdout=DEVNULL, stderr=DEVNULL)


def execute(run: Run, timeout: float) -> Run:
    """Execute one notebook in its folder, if this machine has it, for `timeout` seconds at most."""
    start, problem, begun, folder = time.monotonic(), "", [], run.path.parent
    made = nbformat.reads(run.text, as_version=4)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
        try:
            papermill.execute_notebook(
                made, None, run.parameters, kernel_name="python3", language="python",
                progress_bar=False, record_timing=False, shutdown_kernel="immediate",
                timeout_func=lambda cell: max(0.1, start + timeout - time.monotonic()),
                start_timeout=timeout, iopub_timeout=timeout, execution_timeout=10,
                kernel_manager_class=Kernel,
                config=Config(Kernel={"connection_file": f"{scratch}/kernel.json"}),
                extra_arguments=[f"--IPKernelApp.exec_lines={KEEP_ALL}"],
                resources={"metadata": {"path": str(folder) if folder.is_dir() else None}},
                # The cells as they are filled; papermill's own marks are in its copy.
                on_notebook_start=lambda notebook: made.update(cells=[*notebook.cells]),
                on_cell_execute=lambda cell, cell_index: begun.append(cell),
            )  # fmt: skip
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        ensure_event_loop().close()  # of this thread, made by nbclient
    if (seconds := time.monotonic() - start) > timeout:
        problem = f"timed out after {timeout:g} s"
    shown = begun[-1].outputs if begun else []
    errors = [output for output in shown if output.output_type == "error"]
    if errors:  # papermill lets sys.exit() pass
        problem = f"{errors[0].ename}: {errors[0].evalue}"
    elif problem:
        shown.append(new_output("error", ename="Ended", evalue=problem))
    place = f"In [{len(begun)}]" if begun else "The kernel did not start"
    problem = f"{place}: {' '.join(problem[:400].split())}" if problem else ""
    return run._replace(text=_clean(made), seconds=round(seconds, 1), problem=problem)


def _clean(notebook: Any) -> str:
    """The text of an executed notebook without anything that differs from run to run."""
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if v and k != "papermill"}
        if cell.metadata.get("tags") == ["injected-parameters"]:
            cell.id = "injected-parameters"
        if cell.cell_type == "code":
            cell.outputs = list(_merged(cell.outputs))
    text = nbformat.writes(notebook) + "\n"
    # Warnings and tracebacks name the files of cells, in a folder that is called at random.
    text = re.sub(re.escape(f"{tempfile.gettempdir()}/{SCRATCH}") + r"\w+/ipykernel_\d+/", "", text)
    # Half a surrogate pair, which a notebook may print, becomes the JSON escape it is.
    return text.encode("utf-8", errors="backslashreplace").decode()


def _merged(outputs: list) -> Iterator:
    """Join printed text, cut at random and from two ways, between other outputs; nbclient's
    `coalesce_streams` would move it over the tables and plots in between."""
    for is_text, group in itertools.groupby(outputs, lambda output: output.output_type == "stream"):
        pieces = list(group)
        for name in ("stdout", "stderr") if is_text else ():
            if text := "".join(piece.text for piece in pieces if piece.name == name):
                yield new_output("stream", name=name, text=text)
        yield from () if is_text else pieces


def execute_all(
    planned: Sequence[Run], jobs: int = 2, timeout: float = 300, scheduler: str | None = None
) -> Iterator[tuple[Run, Run]]:
    """Yield each notebook, as planned and as executed, once it is done. timeout: seconds for each.
    scheduler: the address of a Dask cluster's, or "local" for one of this machine; CareerlibError
    if there is none, it goes away, or a worker has another careerlib."""

    def call(version, run, timeout):  # sent as code: a worker without careerlib can say so
        from careerlib.batch import execution

        if execution.fingerprint() != version:
            raise ImportError("this worker has another careerlib")
        return execution.execute(execution.Run(*run), timeout)

    how = "see that the scheduler runs and its workers have this careerlib, and repeat the command"
    scheduler = scheduler if planned else None  # which then is not needed
    with _cluster(scheduler, jobs) if scheduler else futures.ThreadPoolExecutor(jobs) as pool:
        executor, running = pool.get_executor(pure=False) if scheduler else pool, {}
        try:
            for run in planned:
                running[executor.submit(call, fingerprint(), [*run], timeout)] = run
            bar = tqdm(futures.as_completed(running), total=len(planned), leave=False, disable=None)
            for count, future in enumerate(bar):
                run, kept = running.pop(future), f"{count} of {len(planned)} runs are done and kept"
                with told(f"{kept}, the others cannot be executed", how, Exception):
                    executed = future.result()
                given = "".join(f" {name}={value}" for name, value in run.parameters.items())
                status = f"{executed.problem or 'passed'} ({executed.seconds:.1f} s)"
                tqdm.write(f"{run.path.stem}{given}: {status}", file=sys.stderr)
                yield run, executed
        finally:  # by Ctrl-C too: what waits is cancelled, and a thread ends with its kernel
            while [one for one in running if not (one.cancel() or one.done())]:
                _end_kernels()


def _end_kernels() -> None:
    """Kill those that this process has started, and give their threads a moment."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if SCRATCH in child.environ().get("IPYTHONDIR", ""):
                child.kill()
    time.sleep(0.2)


def _cluster(scheduler: str, processes: int) -> Any:
    """The client of a Dask cluster that has a worker."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    how = "start them with 'dask scheduler' and 'dask worker', or use --scheduler local"
    with told(f"There is no Dask scheduler with a worker at {scheduler[:60]}", how, Exception):
        where: dict[str, Any] = {"address": scheduler, "timeout": CONNECT}
        if scheduler == "local":
            where = {"n_workers": processes, "threads_per_worker": 1, "dashboard_address": None}
        else:  # a client waits for ever for one that accepts and says nothing
            safe = distributed.Security().get_connection_args("client")
            connected = distributed.comm.connect(scheduler, **safe)
            asyncio.run(asyncio.wait_for(connected, CONNECT))
        client = distributed.Client(**where)
        client.wait_for_workers(1, timeout=30)
    return client
