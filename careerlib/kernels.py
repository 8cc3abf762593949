"""The kernels of a run: forked from one process that has imported the libraries already.

A kernel of its own for each notebook costs two seconds of imports. A fork of a process that did
nothing but import costs a tenth of that and is just as fresh: no notebook ever ran in it. Where
there are no forks (Windows) it is an ordinary kernel.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager

from careerlib.engine import changed_environment, end_with_parent
from careerlib.project import ROOT

ALWAYS = ("ipykernel.kernelapp", "IPython.core.completer")
# Not pyplot and seaborn, which look for a kernel when they are imported.
LIBRARIES = (
    "pandas", "scipy.stats", "sklearn.calibration", "sklearn.linear_model",
    "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing",
    "matplotlib.backends.backend_agg", "matplotlib.ticker", "PIL.PngImagePlugin", "pydantic",
)  # fmt: skip
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def environment(scratch: Path) -> dict[str, str]:
    """What a kernel inherits: only the notebook and its parameters may change a result."""
    # Two notebooks do not fight for the same cores; sets print in the same order each time.
    variables = dict.fromkeys(THREADS, "1") | {"PYTHONHASHSEED": "0"} | os.environ
    # Start-up files, a chosen plot backend and kernels of other environments belong to the user.
    variables.pop("PYTHONSTARTUP", None)
    return variables | {
        # The kernel imports the careerlib that started it, installed or not.
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [variables.get("PYTHONPATH")])]),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TMPDIR": str(scratch),  # what a notebook leaves there goes when it ends
    }


def has_sockets() -> bool:
    """Whether there are sockets in folders; their paths are limited to a hundred characters."""
    return os.name == "posix" and len(tempfile.gettempdir()) < 70


def can_fork() -> bool:
    """Not on Windows, and not in a daemon, which may have no children of this kind."""
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    return has_server and has_sockets() and not multiprocessing.current_process().daemon


def prepare(text: str) -> None:
    """Wait until the process that kernels are forked from is there and has imported.

    text: the notebook that asks first; libraries are imported if it uses careerlib or one of them.
    """
    if not can_fork():
        return
    context = multiprocessing.get_context("forkserver")
    wanted = any(name in text for name in ("careerlib", "pandas", "sklearn", "matplotlib"))
    context.set_forkserver_preload([__name__, *ALWAYS, *(LIBRARIES if wanted else ())])
    with changed_environment(**environment(Path(tempfile.gettempdir()))):
        forkserver.ensure_running()
    first = context.Process(target=int)
    first.start()
    first.join()


class Kernel(AsyncKernelManager):
    """A kernel of this very interpreter; a subclass says where its files go.

    scratch: a folder of its own. started: called with the kernel once it is there.
    """

    scratch: Path
    started: Callable

    def __init__(self, **options: Any) -> None:
        if has_sockets():  # no port can be taken, no other user can connect
            options |= {"transport": "ipc", "ip": str(self.scratch / "socket")}
        options["connection_file"] = str(self.scratch / "kernel.json")
        super().__init__(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **options)
        self.started(self)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        options["env"] = environment(self.scratch)
        if not can_fork():
            await super()._async_launch_kernel(kernel_cmd, **options)
            return
        arguments = kernel_cmd[kernel_cmd.index("ipykernel_launcher") + 1 :]
        self.provisioner.process = _Forked(arguments, options["env"], options["cwd"])  # type: ignore
        self.provisioner.pid = self.provisioner.process.pid  # type: ignore


class _Forked:
    """A forked kernel with the face of `subprocess.Popen`, which jupyter_client expects."""

    stdin = stdout = stderr = None

    def __init__(self, *arguments: Any) -> None:
        context = multiprocessing.get_context("forkserver")
        self.process = context.Process(target=_become_kernel, args=arguments)
        self.process.start()
        self.pid = self.process.pid
        self.kill, self.terminate = self.process.kill, self.process.terminate

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _become_kernel(arguments: list[str], variables: dict[str, str], folder: str) -> None:
    """What a forked process does: be a kernel that ends with the process that asked for it."""
    from ipykernel import kernelapp

    end_with_parent()
    started_in = os.getcwd()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    wanted = variables["PYTHONPATH"].split(os.pathsep)
    sys.path[:] = [path for path in sys.path if path in wanted or path not in ("", started_in)]
    sys.argv = ["ipykernel_launcher", *arguments]
    if "pandas" in sys.modules:  # as it is where pandas is imported in a kernel
        sys.modules["pandas"].set_option("display.max_columns", 20)
    # 1 is a parent to it that never goes away; it says how to connect if it has none.
    kernelapp.launch_new_instance(argv=[*arguments, "--IPKernelApp.parent_handle=1"])
