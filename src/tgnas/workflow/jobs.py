"""Jobs start from a process that has imported what most of them import.

Snakemake starts a Python for each job, and most jobs of the workflow take less long than importing
torch, pandas and Snakemake itself. Jobs of one thread on this machine are forked from a server
instead (multiprocessing's), which holds these libraries and no module of this package: a job sees
the code as it is when it starts.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from contextlib import nullcontext
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from snakemake.benchmark import benchmarked
from snakemake.script import PythonScript

IMPORTED = [
    "snakemake.cli", "torch", "pandas", "pyarrow.parquet", "scipy.stats", "matplotlib.figure",
]  # fmt: skip
FEWEST = 8  # jobs that are worth what the server imports
# What Snakemake sets for each of its jobs (snakemake.shell).
LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES}
TEMPORARY = ("TMPDIR", "TMP", "TEMPDIR", "TEMP")
# Starting a process reads the exit codes of those that have ended, which can be read only once.
_lock = threading.Lock()
_server = multiprocessing.get_context("forkserver")


def fork_jobs(jobs: int) -> None:
    """Fork the jobs of a run from here on, if there are so many that it saves time."""
    if jobs < FEWEST or sys.platform != "linux":
        return
    before = dict(os.environ)
    os.environ.update(ONE_THREAD)  # read once, when the libraries are loaded
    _server.set_forkserver_preload(IMPORTED)
    forkserver.ensure_running()
    os.environ.clear()
    os.environ.update(before)
    started_anew = PythonScript.execute_script

    def execute_script(script: Any, fname: str, edit: bool = False) -> None:
        """Run a script as Snakemake's method does, in a process of the server if it can be."""
        apart = script.conda_env or script.container_img or script.env_modules or script.shadow_dir
        if edit or apart or script.threads > 1:
            started_anew(script, fname, edit)
        else:
            _fork(script, fname)

    PythonScript.execute_script = execute_script


def _fork(script: Any, fname: str) -> None:
    """Run a script of Snakemake's in a process of the server.

    Raises:
        CalledProcessError: the script has failed.
    """
    environment = dict(os.environ) | ONE_THREAD
    if folder := script.resources.get("tmpdir"):
        environment |= dict.fromkeys(TEMPORARY, folder)
    process = _server.Process(target=_run, args=(fname, environment))
    with _lock:
        process.start()
    record = script.bench_record
    with nullcontext() if record is None else benchmarked(process.pid, record):
        connection.wait([process.sentinel])
    with _lock:
        process.join()
    if process.exitcode:
        raise subprocess.CalledProcessError(process.exitcode, f"{sys.executable} {fname}")


def _run(fname: str, environment: dict[str, str]) -> None:
    """Be ``python FNAME``."""
    os.environ.clear()
    os.environ.update(environment)
    multiprocessing.set_start_method(None, force=True)  # the server's is for its own
    sys.argv, sys.path[0] = [fname], str(Path(fname).parent)
    runpy.run_path(fname, run_name="__main__")
