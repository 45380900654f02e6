"""Processes that end at once, with what they have started."""

import os
import signal
import subprocess
import sys
import time

import pytest

WORK = (
    "import sys, time; from tgnas.processes import end_on_sigterm, pool_of\n"
    "end_on_sigterm()\n"
    "def work(number): sys.stdout.write('begun\\n'); sys.stdout.flush(); time.sleep(60)\n"
    "with pool_of(2) as pool: pool.map(work, range(20))"
)


def members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_pool_ends_with_its_parent(name):
    command = [sys.executable, "-c", WORK]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        (os.killpg if name == "SIGINT" else os.kill)(process.pid, getattr(signal, name))
        start = time.monotonic()
        while process.poll() is None or members(process.pid):
            assert time.monotonic() - start < 30  # the work would last for minutes
            time.sleep(0.02)
