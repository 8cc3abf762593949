"""The kernels of a run: forked from one process that has imported the libraries already.

A kernel of its own for each notebook costs two seconds of imports. A fork of a process that did
nothing but import costs a twentieth of that and is just as fresh: no notebook ever ran in it.
`Kernel` is what papermill gets; without forks (Windows) it is an ordinary kernel.
"""

import multiprocessing
import os
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager

from careerlib.engine import end_with_parent
from careerlib.project import ROOT

# Not pyplot and seaborn, which look for a kernel when they are imported.
LIBRARIES = (
    "pandas", "scipy.stats", "sklearn.calibration", "sklearn.linear_model", "sklearn.metrics", "sklearn.model_selection",
    "sklearn.pipeline", "sklearn.preprocessing", "matplotlib.backends.backend_agg",
    "matplotlib.figure", "matplotlib.ticker", "PIL.PngImagePlugin", "pydantic",
)  # fmt: skip
ALWAYS = ("ipykernel.kernelapp", "IPython.core.completer")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def environment(scratch: Path) -> dict[str, str]:
    """What a kernel inherits: only the notebook and its parameters may change a result."""
    variables = dict(os.environ)
    # The kernel imports the careerlib that started it, installed or not.
    paths = [str(ROOT), variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    # Start-up files, a chosen plot backend and kernels of other environments belong to the user.
    variables["IPYTHONDIR"] = str(scratch / "ipython")
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    variables["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    variables.pop("PYTHONSTARTUP", None)
    # What a notebook leaves in a temporary folder goes when it ends.
    variables["TMPDIR"] = str(scratch)
    # Sets print in the same order each time, and two notebooks do not fight for the same cores.
    variables.setdefault("PYTHONHASHSEED", "0")
    return dict.fromkeys(THREADS, "1") | variables


def prepare(text: str) -> None:
    """Wait until the process that kernels are forked from is there and has imported.

    text: the notebook that asks first; libraries are imported if it uses careerlib or one of them.
    """
    if not can_fork():
        return
    context = multiprocessing.get_context("forkserver")
    wanted = any(name in text for name in ("careerlib", "pandas", "sklearn", "matplotlib"))
    context.set_forkserver_preload([__name__, *ALWAYS, *(LIBRARIES if wanted else ())])
    own = dict(os.environ)
    os.environ.update(environment(Path(tempfile.gettempdir())))  # which that process inherits
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(own)
    first = context.Process(target=int)
    first.start()
    first.join()


def can_fork() -> bool:
    """Not on Windows, and not in a daemon, which may have no children of this kind."""
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    return has_server and not multiprocessing.current_process().daemon


class Kernel(AsyncKernelManager):
    """A kernel of this very interpreter; a subclass says where its files go.

    scratch: a folder of its own. started: what to call with the kernel once it is there.
    """

    scratch: Path
    started: Any

    def __init__(self, **options: Any) -> None:
        # Sockets in a folder: no port can be taken, no other user can connect. Their paths are
        # limited to a hundred characters.
        if os.name == "posix" and len(str(self.scratch)) < 80:
            options |= {"transport": "ipc", "ip": str(self.scratch / "socket")}
        options["connection_file"] = str(self.scratch / "kernel.json")
        native_only = KernelSpecManager(kernel_dirs=[])
        super().__init__(kernel_spec_manager=native_only, **options)
        self.started(self)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        options["env"] = environment(self.scratch)
        if not can_fork():
            await super()._async_launch_kernel(kernel_cmd, **options)
            return
        arguments = kernel_cmd[kernel_cmd.index("ipykernel_launcher") + 1 :]
        process = _Forked(arguments, options["env"], options["cwd"])
        self.provisioner.process = process
        self.provisioner.pid = process.pid


class _Forked:
    """A forked kernel with the face of `subprocess.Popen`, which jupyter_client expects."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], variables: dict[str, str], folder: str) -> None:
        context = multiprocessing.get_context("forkserver")
        self.process = context.Process(target=_become_kernel, args=(arguments, variables, folder))
        self.process.start()
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


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
    kernelapp.launch_new_instance(argv=arguments)
