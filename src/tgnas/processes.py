"""Processes that end when they are asked to, with what they have started, and soon."""

import atexit
import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pool
from multiprocessing.pool import Pool as PoolOfProcesses
from typing import Any

EVERY = 0.5  # seconds between two looks at a parent, or for a signal
BOTH = {signal.SIGINT, signal.SIGTERM}


class TerminatedError(SystemExit):
    """SIGTERM has asked this process to end, with an exit code."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(self.exit_code)


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as an exception does, so that it removes its temporary files."""

    def end(number: int, _: object) -> None:
        raise TerminatedError(number)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


def collect_seldom() -> None:
    """Let a short process spend less on looking for garbage, of which imports leave none.

    Looking through what torch and pandas have made takes .1 s of a start and .4 s of an end.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def pool_of(processes: int) -> PoolOfProcesses:
    """Return a pool for a `with`: left early, it ends its processes at once.

    They do not finish what they have begun, and end with their parent even where that is killed.
    Ctrl-C, which a terminal sends to all, is the parent's to act on.
    """
    # Born deaf to both, they hear SIGTERM from when it ends them: one that came while they still
    # had this process's handler could be lost, and then no one would end them. Nor does this
    # process lose one, whose exception would be ignored where a hook of a fork raises it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, BOTH)
    try:
        return Pool(processes, _end_with_parent, (os.getpid(),))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def results_of(
    pool: PoolOfProcesses, work: Callable[..., Any], pieces: Iterable[tuple]
) -> Iterator[Any]:
    """Yield what a pool's processes make of each piece, the arguments of a call, in their order.

    A signal that comes just before a wait is acted on only after it, so that no wait is long.
    """
    for result in [pool.apply_async(work, piece) for piece in pieces]:
        while not result.ready():
            result.wait(EVERY)
        yield result.get()


def _end_with_parent(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, BOTH)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
