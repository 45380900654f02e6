"""A real SLURM cluster of one node on the loopback interface, with its state in one folder."""

import getpass
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "sinfo")
# No groups of processes by cgroups, no accounts: what a container allows.
CONFIG = """
ClusterName=tgnas
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MinJobAge=600
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        folder: its configuration, logs and state.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which SLURM's commands speak to it."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """Return what one of SLURM's commands prints; nothing where it fails."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 else ""

    def ended(self) -> list[str]:
        """Return the state of every job that ended."""
        jobs = self.folder / "jobs.txt"
        return re.findall(r"JobState=(\w+)", jobs.read_text()) if jobs.exists() else []


def missing() -> list[str]:
    """Return the programs of a cluster that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@contextmanager
def started(folder: Path, timeout: float = 60) -> Iterator[Cluster]:
    """Start a cluster and end it; where it does not come up, say what it logged.

    Raises:
        TimeoutError: its node was not ready.
    """
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    # Snakemake's job step drops SLURM_CONF, which a cluster in its usual place does not need.
    step = folder / "bin" / "srun"
    config = shlex.quote(str(folder / "slurm.conf"))
    step.write_text(f'#!/bin/sh\nSLURM_CONF={config} exec {shutil.which("srun")} "$@"\n')
    step.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    folder.chmod(0o755)  # munge wants a socket that everyone can reach
    host = socket.gethostname().split(".")[0]
    ports = dict(zip(("controller", "node"), _free_ports(2), strict=True))
    config = CONFIG.format(host=host, user=getpass.getuser(), folder=folder, **ports)
    (folder / "slurm.conf").write_text(config)
    (folder / "cgroup.conf").write_text(f"CgroupPlugin={_without_cgroups()}\n")
    cluster = Cluster(folder)
    files = {"--socket": "munge.socket", "--key-file": "munge.key", "--pid-file": "munged.pid"}
    files |= {"--seed-file": "munged.seed", "--log-file": "munged.log"}
    munge = [f"{option}={folder / name}" for option, name in files.items()]
    with ExitStack() as running:
        running.enter_context(_daemon(cluster, "munged", "--foreground", "--force", *munge))
        _wait_for(cluster, (folder / "munge.socket").exists, timeout)
        running.enter_context(_daemon(cluster, "slurmctld", "-D"))
        running.enter_context(_daemon(cluster, "slurmd", "-D"))
        _wait_for(cluster, lambda: "idle" in cluster.ask("sinfo", "-h", "-o", "%T"), timeout)
        yield cluster


def _without_cgroups() -> str:
    """Return the plugin that needs none: before 23.02 the old one, which is never asked."""
    found = subprocess.run(["slurmd", "-V"], capture_output=True, text=True, check=True).stdout
    release = re.search(r"(\d+)\.(\d+)", found)
    assert release is not None, found
    return "disabled" if tuple(map(int, release.groups())) >= (23, 2) else "cgroup/v1"


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for found in sockets:
            found.bind(("127.0.0.1", 0))
        return [found.getsockname()[1] for found in sockets]


@contextmanager
def _daemon(cluster: Cluster, *command: str) -> Iterator[None]:
    """Run a daemon in the foreground, and stop it in the end."""
    with (cluster.folder / f"{command[0]}.out").open("wb") as log:
        process = subprocess.Popen(command, env=cluster.environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(cluster: Cluster, ready: Callable[[], bool], timeout: float) -> None:
    end = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > end:
            logs = sorted(cluster.folder.glob("*.out"))
            tails = [f"{log.name}: {log.read_text()[-1000:]}" for log in logs]
            raise TimeoutError(f"no node after {timeout} s; " + "; ".join(tails))
        time.sleep(0.1)
