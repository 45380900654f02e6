"""Processes that end at once, with what they have started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import pytest

from tgnas import processes

QUEUE = 4000  # pieces of work, each of which leaves a file
WORK = (
    "import pathlib, signal, sys, time; from tgnas.processes import *\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it\n"
    "end_on_sigterm()\n"
    "def work(number):\n"
    "    sys.stdout.write('begun\\n'); sys.stdout.flush(); time.sleep(0.2)\n"
    "    pathlib.Path(sys.argv[1], str(number)).touch()\n"
    f"with pool_of(2) as pool: list(results_of(pool, work, zip(range({QUEUE}))))"
)


def members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_pool_ends_with_its_parent_and_leaves_its_queue(name, tmp_path):
    command = [sys.executable, "-c", WORK, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        (os.killpg if name == "SIGINT" else os.kill)(process.pid, getattr(signal, name))
        while process.poll() is None or members(process.pid):
            time.sleep(0.02)  # whatever the machine's load: what counts is what was left undone
    assert len(list(tmp_path.iterdir())) < QUEUE / 4


BORN: list[bool] = []  # of a worker: whether SIGTERM was held back when it began


def handling(_: int) -> tuple[bool, bool, bool]:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    held_now = signal.SIGTERM in blocked
    return BORN[0], held_now, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def begin(then: Callable[[int], None], parent: int) -> None:
    BORN.append(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, []))
    then(parent)


def test_a_worker_hears_sigterm_from_when_it_ends_it(monkeypatch):
    monkeypatch.setattr(processes, "_end_with_parent", partial(begin, processes._end_with_parent))
    with processes.pool_of(2) as pool:
        assert pool.map(handling, range(4)) == [(True, False, True)] * 4
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_ctrl_c_waits_until_a_pool_is_there():
    code = (
        "import os, signal; from tgnas import processes\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "made = []\n"
        "def pool(*_): os.kill(os.getpid(), signal.SIGINT); made.append('whole')\n"
        "processes.Pool = pool\n"
        "try: processes.pool_of(2)\n"
        "except KeyboardInterrupt: print(*made)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "whole\n"
