"""Where notebooks are executed: in processes of this machine, or of the workers of a Dask cluster.

A notebook travels as text and comes back as text, so that workers need no common file system,
only this version of careerlib. Each is executed in a process of its own (execution.py), so that
whatever happens there costs only that notebook.
"""

import contextlib
import functools
import json
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing import resource_tracker
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
# import is as fresh as a new process.
ALWAYS = (
    "careerlib.engine", "careerlib.execution", "ipykernel.kernelapp", "IPython.core.completer",
)  # fmt: skip
LIBRARIES = (
    "pandas", "scipy.stats", "sklearn.calibration", "sklearn.linear_model",
    "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing",
    "matplotlib.backends.backend_agg", "seaborn", "PIL.PngImagePlugin", "pydantic",
)  # fmt: skip
# Two notebooks do not fight for the same cores; sets print in the same order each time.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
FIXED = dict.fromkeys(THREADS, "1") | {"PYTHONHASHSEED": "0"}
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
STARTING = threading.Lock()
# Without it nbformat is imported a second faster: jsonschema builds its grammar of addresses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore


class Outcome(NamedTuple):
    """How it went: `problem` is "" if it passed; `content` is None if there is none to keep."""

    status: str
    seconds: float
    problem: str = ""
    content: str | None = None


def execute_all(
    planned: Sequence[Job],
    folder: Path,
    waiting: Callable[[], Any],
    *,
    jobs: int = 2,
    timeout: float = 300,
    scheduler: str | None = None,
) -> Iterator[tuple[Job, Outcome]]:
    """Execute notebooks side by side; yield each with its outcome as soon as it is done.

    folder: where the kernels run. waiting: called about every second. timeout: seconds for each
    notebook. scheduler: of a Dask cluster: its address, or "local" for one of this machine.
    At the end, by Ctrl-C too, processes end with their kernels.

    Raises CareerlibError if there is no such scheduler, or a worker lacks this careerlib.
    """

    def call(
        *arguments: Any, **options: Any
    ) -> Any:  # sent as code: a worker without careerlib can say so
        from careerlib.engine import execute

        return execute(*arguments, **options)

    remaining, running = iter(planned), {}
    if not planned:
        return
    with _cluster(scheduler, jobs) if scheduler else _threads(jobs) as submit:
        while True:
            while len(running) < AHEAD and (job := next(remaining, None)):
                arguments = (fingerprint(), job.text, job.parameters, timeout, str(folder))
                running[submit(call, *arguments)] = job
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
    start, timeout = time.monotonic(), job[2]
    with tempfile.TemporaryDirectory(prefix="careerlib-", ignore_cleanup_errors=True) as scratch:
        process = _started(scratch, dict(os.environ), *job)
        deadline = time.monotonic() + timeout + GRACE
        while process.is_alive() and not (closing and closing.is_set()):
            if time.monotonic() > deadline:
                status = f"timed out after {timeout:g} s", timeout, "Its process did not answer"
                break
            process.join(0.2)
        else:
            status = "failed", round(time.monotonic() - start, 1), "Its worker process was ended"
        if process.is_alive():
            kill(process.pid)
            process.join()
        with contextlib.suppress(FileNotFoundError):
            state, problem, content = json.loads(Path(scratch, "outcome").read_text())
            status = state, status[1], problem, content
    return status


def _started(*arguments: Any) -> Any:
    """A process for one notebook, forked where there are forks, for the rest a new one."""
    multiprocessing.current_process().daemon = False  # a Dask worker is one, and could start none
    wanted = any(name in arguments[2] for name in ("careerlib", "pandas", "sklearn", "matplotlib"))
    # The paths of sockets are limited to a hundred characters.
    forks = os.name == "posix" and len(tempfile.gettempdir()) < 70
    with STARTING, patch.dict(os.environ, FIXED | os.environ | INLINE):
        context: Any = multiprocessing.get_context("forkserver" if forks else "spawn")
        context.set_forkserver_preload([*ALWAYS, *(LIBRARIES if wanted else ())])
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
def _threads(count: int) -> Iterator[Callable[..., Future]]:
    """The `submit` of threads of this process that wait for the processes of their notebooks."""
    # What the threads start inherits that Ctrl-C is held back: it is this process's business.
    held = (signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    if held:
        resource_tracker.ensure_running()  # before: starting it would let Ctrl-C through again
    threads = ThreadPoolExecutor(count, "careerlib", held and signal.pthread_sigmask, held or ())
    closing = threading.Event()
    try:
        yield functools.partial(threads.submit, closing=closing)
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
