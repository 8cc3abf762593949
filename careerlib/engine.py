"""Where notebooks are executed: in processes of this machine, or of the workers of a Dask cluster.

A notebook travels as text and comes back as text, so that workers need no common file system,
only this version of careerlib. Each is executed in a process of its own (execution.py), so that
whatever happens there costs only that notebook.
"""

import contextlib
import json
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import psutil

from careerlib.errors import CareerlibError
from careerlib.plan import Job
from careerlib.project import fingerprint

GRACE = 15  # seconds that a process may take beyond the time limit of its notebook
CONNECT = 10  # seconds that a scheduler may take to answer
AHEAD = 64  # notebooks that an executor has at a time
# Imported once, in the process that the others are forked from: a fork of one that did nothing but
# import is as fresh as a new process. Not pyplot and seaborn, which look for a kernel.
ALWAYS = ("careerlib.execution", "ipykernel.kernelapp", "IPython.core.completer")
LIBRARIES = (
    "pandas", "scipy.stats", "sklearn.calibration", "sklearn.linear_model",
    "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing",
    "matplotlib.backends.backend_agg", "matplotlib.ticker", "PIL.PngImagePlugin", "pydantic",
)  # fmt: skip
# Two notebooks do not fight for the same cores; sets print in the same order each time.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
FIXED = dict.fromkeys(THREADS, "1") | {"PYTHONHASHSEED": "0"}
STARTING = threading.Lock()


class Outcome(NamedTuple):
    """How it went: `problem` is "" if it passed; `content` is None if there is none to keep."""

    status: str
    seconds: float
    problem: str = ""
    content: str | None = None


def execute_all(
    submit: Callable[..., Future],
    jobs: Iterable[Job],
    folder: Path,
    timeout: float,
    waiting: Callable[[], Any],
) -> Iterator[tuple[Job, Outcome]]:
    """Execute notebooks side by side; yield each with its outcome as soon as it is done.

    submit: of `open_executor`. folder: where the kernels run. timeout: seconds for each notebook.
    waiting: called about every second. Raises CareerlibError if a worker lacks this careerlib.
    """

    def call(*arguments: Any) -> Any:  # sent as code: a worker without careerlib can say so
        from careerlib.engine import execute

        return execute(*arguments)

    remaining, running = iter(jobs), {}
    while True:
        while len(running) < AHEAD and (job := next(remaining, None)):
            arguments = (job.text, job.parameters, timeout, str(folder))
            running[submit(call, fingerprint(), *arguments)] = job
        if not running:
            return
        for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), _outcome(future)
        waiting()


def _outcome(future: Future) -> Outcome:
    try:
        return Outcome(*future.result())
    except CareerlibError:
        raise
    except ImportError as error:
        raise CareerlibError(
            f"A worker lacks this version of careerlib ({error}); install it there, with its data."
        ) from error
    except Exception as error:  # of Dask, such as a worker that died again and again
        return Outcome("failed", 0.0, f"{type(error).__name__}: {str(error)[:200]}")


def execute(version: str, *job: Any, closing: threading.Event | None = None) -> tuple:
    """Execute one notebook in a process of its own; return the fields of its `Outcome`.

    version: the fingerprint of the careerlib that asks. job: text, parameters, time limit, folder
    (see execution.py). closing: ends the process when it is set.
    """
    if version != fingerprint():
        raise CareerlibError("A worker has another version of careerlib; install this one there.")
    text, _, timeout, _ = job
    start, process = time.monotonic(), None
    with tempfile.TemporaryDirectory(prefix="careerlib-", ignore_cleanup_errors=True) as scratch:
        try:
            process = _started(text, scratch, dict(os.environ), *job)
            deadline = time.monotonic() + timeout + GRACE
            while process.is_alive() and not (closing and closing.is_set()):
                if time.monotonic() > deadline:
                    return f"timed out after {timeout:g} s", timeout, "Its process did not answer"
                process.join(0.2)
            seconds = round(time.monotonic() - start, 1)
            status, problem, content = json.loads(Path(scratch, "outcome").read_text())
            return status, seconds, problem, content
        except FileNotFoundError:
            return "failed", round(time.monotonic() - start, 1), "Its worker process was ended"
        finally:
            if process and process.is_alive():
                kill(process.pid)
                process.join()


def _started(text: str, *arguments: Any) -> Any:
    """A process for one notebook; `text` tells which libraries are worth importing beforehand."""
    multiprocessing.current_process().daemon = False  # or it may start none: Dask's nanny's worker
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    # The paths of sockets are limited to a hundred characters.
    forks = forks and len(tempfile.gettempdir()) < 70
    wanted = any(name in text for name in ("careerlib", "pandas", "sklearn", "matplotlib"))
    with STARTING, patch.dict(os.environ, FIXED | os.environ):
        context: Any = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            context.set_forkserver_preload([*ALWAYS, *(LIBRARIES if wanted else ())])
            forkserver.ensure_running()
        process = context.Process(target=_main, args=arguments, daemon=True)
        process.start()
    return process


def _main(*arguments: Any) -> None:
    from careerlib.execution import main  # papermill takes a second to import

    main(*arguments)


def kill(pid: int) -> None:
    """Kill a process with all that it started, and, if it leads one, its process group."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
    if hasattr(os, "killpg"):  # the children of a process that is dead already
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def open_executor(scheduler: str | None, processes: int) -> Iterator[Callable[..., Future]]:
    """The `submit` of an executor: of this machine, or of the workers behind a Dask scheduler.

    scheduler: its address; "local" for a cluster of this machine; None for none.
    At the end, by Ctrl-C too, the processes end with their kernels.

    Raises CareerlibError if there is no such scheduler.
    """
    if scheduler is not None:
        with _cluster(scheduler, processes) as submit:
            yield submit
        return
    # What the threads start inherits that Ctrl-C is held back: it is this process's business.
    held = (signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    threads = ThreadPoolExecutor(
        processes, "careerlib", held and signal.pthread_sigmask, held or ()
    )
    closing = threading.Event()
    try:
        yield lambda _, *arguments: threads.submit(execute, *arguments, closing=closing)
    finally:
        closing.set()
        threads.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _cluster(scheduler: str, processes: int) -> Iterator[Callable[..., Future]]:
    try:
        import distributed
    except ImportError:
        raise CareerlibError("A Dask cluster needs 'pip install careerlib[batch]'.") from None

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the outcomes say it all
    with contextlib.ExitStack() as stack:
        try:
            address: Any = scheduler
            if scheduler == "local":
                options = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
                cluster = distributed.LocalCluster(processes, threads_per_worker=1, **options)
                address = stack.enter_context(cluster)
            client = stack.enter_context(distributed.Client(address, timeout=CONNECT))
            client.wait_for_workers(1, timeout=30)
        except (OSError, TimeoutError, ValueError) as error:
            raise CareerlibError(
                f"There is no Dask scheduler with a worker at {scheduler[:60]}; start them with "
                "'dask scheduler' and 'dask worker', or use --scheduler local."
            ) from error
        executor = client.get_executor(pure=False)
        try:
            yield executor.submit
        finally:
            executor.shutdown(wait=False)
