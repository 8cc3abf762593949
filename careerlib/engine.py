"""Where notebooks are executed: in processes of this machine, or on the workers of a Dask cluster.

Both are executors of `concurrent.futures`. A notebook travels as text and comes back as text, so
that workers need no common file system, only this version of careerlib.
"""

import contextlib
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)  # fmt: skip
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from careerlib.errors import CareerlibError
from careerlib.project import fingerprint

START = 120  # seconds that a process may take until it is ready
GRACE = 15  # seconds that it may take beyond the time limit of a notebook
CONNECT = 10  # seconds that a scheduler may take to answer
AHEAD = 64  # notebooks that an executor has at a time


class Job(NamedTuple):
    """One notebook to execute: its name, its text without outputs, and what it gets."""

    name: str
    text: str
    parameters: dict[str, Any]


class Outcome(NamedTuple):
    """How it went: `problem` is "" if it passed; `content` is None if there is none to keep."""

    status: str
    seconds: float
    problem: str = ""
    content: bytes | None = None


def execute_all(
    executor: Executor | None,
    jobs: Iterable[Job],
    folder: Path,
    timeout: float,
    waiting: Callable[[], Any],
) -> Iterator[tuple[Job, Outcome]]:
    """Execute notebooks side by side; yield each with its outcome as soon as it is done.

    folder: where the kernels run. timeout: seconds for each notebook. waiting: called about every
    second. Raises CareerlibError if a worker lacks this careerlib.
    """
    call = _execute if isinstance(executor, Processes) else _travelling_call()
    remaining, running = iter(jobs), {}
    while True:
        while len(running) < AHEAD and (job := next(remaining, None)):
            arguments = (job.text, job.parameters, timeout, str(folder), fingerprint())
            running[executor.submit(call, *arguments)] = job
        if not running:
            return
        for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), _outcome(future, timeout)
        waiting()


def _execute(*arguments: Any) -> Any:
    from careerlib.worker import execute

    return execute(*arguments)


def _travelling_call() -> Callable:
    """`_execute` as a function that is sent as code, so that a worker without careerlib says so."""

    def call(*arguments: Any) -> Any:
        from careerlib.worker import execute

        return execute(*arguments)

    return call


def _outcome(future: Future, timeout: float) -> Outcome:
    try:
        return Outcome(*future.result())
    except CareerlibError:
        raise
    except ImportError as error:
        raise CareerlibError(
            f"A worker lacks this version of careerlib ({error}); install it there, with its data."
        ) from error
    except TimeoutError:
        return Outcome(f"timed out after {timeout:g} s", timeout, "Its process did not answer")
    except BrokenExecutor:
        return Outcome("failed", 0.0, "Its worker process was ended")
    except Exception as error:  # of Dask, such as a worker that died again and again
        return Outcome("failed", 0.0, f"{type(error).__name__}: {str(error)[:200]}")


@contextlib.contextmanager
def open_executor(scheduler: str | None, processes: int, timeout: float) -> Iterator[Executor]:
    """Processes of this machine, or the workers behind a Dask scheduler.

    scheduler: its address; "local" for a cluster of this machine; None for plain processes.
    At the end, by Ctrl-C too, the processes end with their kernels.

    Raises CareerlibError if there is no such scheduler.
    """
    if scheduler is not None:
        with _cluster(scheduler, processes) as executor:
            yield executor
        return
    with tempfile.TemporaryDirectory(prefix="careerlib-", ignore_cleanup_errors=True) as scratch:
        executor = Processes(processes, timeout + GRACE, scratch)
        try:
            yield executor
        finally:
            executor.shutdown()


class Processes(Executor):
    """As many processes as asked for, one for each thread that waits for it.

    A process that dies, or takes longer than `limit` seconds, costs only its own task: another
    one takes its place. (A `ProcessPoolExecutor` of several would give up all of them.)
    """

    def __init__(self, processes: int, limit: float, scratch: str) -> None:
        # It removes what killed processes leave, and need not talk about that.
        with changed_environment(PYTHONWARNINGS="ignore:resource_tracker"):
            resource_tracker.ensure_running()
        self.limit, self.scratch = limit, scratch
        self.threads = ThreadPoolExecutor(processes, initializer=_hold_back_interrupts)
        self.own = threading.local()  # the thread's process: pool and pid
        self.pids: set[int] = set()
        self.closed = False

    def submit(self, function: Callable, /, *arguments: Any) -> Future:
        return self.threads.submit(self._run, function, *arguments)

    def shutdown(self, *_: Any, **__: Any) -> None:
        self.closed = True
        self.threads.shutdown(wait=False, cancel_futures=True)
        for pid in self.pids.copy():
            kill(pid)
        self.threads.shutdown()

    def _run(self, function: Callable, *arguments: Any) -> Any:
        try:
            if getattr(self.own, "pool", None) is None:
                self._start_process(arguments)
            return self.own.pool.submit(function, *arguments).result(self.limit)
        except (BrokenExecutor, TimeoutError):
            if pid := getattr(self.own, "pid", None):
                kill(pid)
            self.own.pool = self.own.pid = None
            raise

    def _start_process(self, arguments: tuple) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.own.pool = ProcessPoolExecutor(1, spawn, _set_up_process, (self.scratch,))
        self.own.pid = self.own.pool.submit(os.getpid).result()
        self.pids.add(self.own.pid)
        if self.closed:
            kill(self.own.pid)
        self.own.pool.submit(_get_ready, *arguments).result(START)


@contextlib.contextmanager
def changed_environment(**variables: str) -> Iterator[None]:
    """For the time of the block, which starts a process that inherits it."""
    own = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(own)


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


def end_with_parent() -> None:
    """Let this process and all that it started be killed when its parent is gone."""

    def watch() -> None:
        multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
        kill(os.getpid())

    threading.Thread(target=watch, daemon=True).start()


def _hold_back_interrupts() -> None:
    """Let the processes that a thread starts inherit a blocked Ctrl-C, which is their parent's."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _set_up_process(scratch: str) -> None:
    """What a process does first: lead a group with its kernels, be silent, end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with open(os.devnull, "wb") as nothing:  # kernels would write into the progress bar
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    tempfile.tempdir = scratch
    end_with_parent()


def _get_ready(text: str, *_: Any) -> None:
    """What is not counted as time of the first notebook: papermill takes a second to import."""
    from careerlib import worker

    worker.prepare(text)


@contextlib.contextmanager
def _cluster(scheduler: str, processes: int) -> Iterator[Executor]:
    try:
        import dask
        import distributed
    except ImportError:
        raise CareerlibError("A Dask cluster needs 'pip install careerlib[batch]'.") from None

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the outcomes say it all
    with contextlib.ExitStack() as stack:
        # Workers that are no daemons, which could not fork a kernel.
        stack.enter_context(dask.config.set({"distributed.worker.daemon": False}))
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
            yield executor
        finally:
            executor.shutdown(wait=False)
