"""Run one function as a Snakemake script or as a command, by the names of its parameters.

In a workflow each parameter is taken from the job's wildcards, params, inputs, outputs or its
threads; on a command line from ``--name value``, where lists and dictionaries are JSON.
"""

import argparse
import hashlib
import inspect
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence, Sized
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from tgnas.errors import ConfigError, TgnasError, number_of
from tgnas.processes import collect_seldom, end_on_sigterm
from tgnas.resources.fetch import check_inputs

logger = logging.getLogger("tgnas.workflow.script")
LONGEST = 100  # characters of an argument in a log
OF_THE_MACHINE = frozenset({EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS})  # disks and rights
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def run(main: Callable[..., None], job: Any = None) -> None:
    """Call `main` with what `job` (Snakemake's object) or else the command line gives.

    An error that a user can mend, a full disk too, ends the process with status 1 and one line; any
    other leaves its traceback in the job's log.
    """
    logging.basicConfig(level=logging.INFO, format=FORMAT, handlers=_handlers(job), force=True)
    logging.captureWarnings(True)
    start = time.perf_counter()
    collect_seldom()
    end_on_sigterm()
    try:
        arguments = _of_job(main, job) if job is not None else _of_command_line(main)
        if job is not None:
            # Outputs that are there are those that the job goes on from (Snakemake's `update`).
            files = _files([*dict(job.input.items()).values(), *dict(job.output.items()).values()])
            check_inputs(path for path in files if path.exists())
        logger.info("arguments %s", " ".join(f"{k}={brief(v)}" for k, v in arguments.items()))
        main(**arguments)
    except (TgnasError, OSError) as error:
        of_user = isinstance(error, TgnasError)
        if not of_user and isinstance(error, OSError) and error.errno not in OF_THE_MACHINE:
            logger.exception("failed")
            raise
        logger.error("%s", error)
        sys.exit(1)
    except Exception:
        logger.exception("failed")
        raise
    logger.info("done seconds=%.1f", time.perf_counter() - start)


def brief(value: Any) -> str:
    """Return a value for a line of a log: its text, or the length and a digest of a long one."""
    text = str(value)
    if len(text) <= LONGEST:
        return text
    whole = isinstance(value, str | Path) or not isinstance(value, Sized)
    size = number_of(len(text), "character") if whole else number_of(len(value), "entry")
    return f"<{size}, sha256 {hashlib.sha256(text.encode()).hexdigest()[:12]}>"


def _files(inputs: Iterable[str | Sequence[str]]) -> list[Path]:
    """Return all files of a job's named inputs."""
    groups = ([part] if isinstance(part, str) else part for part in inputs)
    return [Path(file) for group in groups for file in group]


def _handlers(job: Any) -> list[logging.Handler]:
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if job is not None and job.log:
        Path(job.log[0]).parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(job.log[0], mode="w"))
    return handlers


def _of_job(main: Callable[..., None], job: Any) -> dict[str, Any]:
    """Return the arguments that a job's named parts hold; `files` are all its inputs by name."""
    arguments = {"threads": job.threads, "files": dict(job.input.items())}
    for part in (job.wildcards, job.params, job.input, job.output):
        repeated = arguments.keys() & dict(part.items()).keys()
        if repeated:
            raise ConfigError(f"the rule gives {', '.join(sorted(repeated))} twice")
        arguments.update(part.items())
    names, hints = inspect.signature(main).parameters, get_type_hints(main)
    for name in names:
        if name not in arguments:
            raise ConfigError(
                f"the rule gives no {name!r}; it gives {', '.join(sorted(arguments))}"
            )
    return {name: _typed(arguments[name], hints[name]) for name in names}


def _typed(value: Any, hint: Any) -> Any:
    if hint == list[Path]:
        return [Path(path) for path in ([value] if isinstance(value, str) else value)]
    return hint(value) if hint in (Path, int, float) else value


def _of_command_line(main: Callable[..., None]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=inspect.getdoc(main))
    hints = get_type_hints(main)
    for name, parameter in inspect.signature(main).parameters.items():
        hint, needed = hints[name], parameter.default is inspect.Parameter.empty
        several = hint == list[Path]
        is_json = not several and (get_origin(hint) or hint) in (list, dict)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            required=needed,
            default=None if needed else parameter.default,
            nargs="+" if several else None,
            type=json.loads if is_json else Path if several else hint,
            help="JSON" if is_json else getattr(hint, "__name__", str(hint)),
        )
    return vars(parser.parse_args())
