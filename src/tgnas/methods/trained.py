"""The life of a predictor: trained, saved, restored, asked for scores, whatever its method.

A weights file holds the stacked states of several members (the seeds of an ensemble, or the epochs
of one seed) and, as its metadata, what restores them: method, settings, the operators that occur
in the training architectures and a digest of the sentence vectors.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tgnas.encodings.embeddings import KnownOperators, OperatorEmbeddings
from tgnas.errors import ConfigError, CorruptTableError, TgnasError, UnwritableFileError
from tgnas.files import readable, written_whole
from tgnas.methods.contracts import Context, Predictor, State
from tgnas.methods.settings import read_settings
from tgnas.methods.zero_shot import Start
from tgnas.operators import CODES, NAMES, UNKNOWN
from tgnas.registry import PREDICTORS
from tgnas.resources.seals import SEAL, check_seal, seal
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import NewOperator
from tgnas.training.fit import Fitted
from tgnas.training.splits import TrainingRows, TrainingSet
from tgnas.validation import read_json

CHUNK = 65_536  # cells that one thread scores at once
ROWS = "training_rows/"  # prefix of a mask: which rows of a benchmark were learned from
START = "start/"  # prefix of the states of the predictor that learning started from
FAULTS = (SafetensorError, LookupError, TypeError, ValueError, RuntimeError, OSError)
ScoreMembers = Callable[[Sequence[Predictor], Architectures], Float64[np.ndarray, "S N"]]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Members of one configuration, which score together.

    Attributes:
        members: S fitted predictors.
        score_members: the scores of all of them.
    """

    members: tuple[Predictor, ...]
    score_members: ScoreMembers

    def scores(self, architectures: Architectures, threads: int = 1) -> Float64[np.ndarray, "S N"]:
        """Return every member's score of each architecture; they do not depend on the threads."""
        size = max(1, CHUNK // architectures.cells_per_architecture)
        starts = range(0, len(architectures), size)
        chunks = (architectures[start : start + size] for start in starts)
        parts = in_threads(partial(self.score_members, self.members), chunks, threads)
        return np.concatenate([self.nothing(), *parts], axis=1)

    def nothing(self) -> Float64[np.ndarray, "S 0"]:
        """Return the scores of no architectures."""
        return np.empty((len(self.members), 0))


def in_threads(work: Callable[[Any], Any], pieces: Iterable[Any], threads: int) -> list[Any]:
    """Return what work makes of each piece, in their order."""
    if threads == 1:
        return list(map(work, pieces))
    # One more than work at a time: something of each piece holds the interpreter's lock.
    with ThreadPoolExecutor(threads + 1) as pool:
        return list(pool.map(work, pieces))


def one_by_one(
    members: Sequence[Predictor], architectures: Architectures
) -> Float64[np.ndarray, "S N"]:
    """Return the scores of members of a method that shares no work among them."""
    return np.stack([member.score(architectures) for member in members])


@dataclass(frozen=True, eq=False)
class Trained:
    """What training left behind, for S members.

    Attributes:
        method: the file of ``methods/predictors``.
        settings: its Settings.
        states: every entry of the members' states, stacked: (S, ...).
        embeddings: the vocabulary's sentence vectors.
        operators: the vocabulary's operators that occur in the training architectures.
        new_operators: the new operators that do.
        rows: the rows of benchmarks whose labels were learned.
        card: what the file says of itself.
        start: the predictor that learning started from, which scoring needs; None for most.
    """

    method: str
    settings: Any
    states: State
    embeddings: OperatorEmbeddings
    operators: tuple[str, ...]
    new_operators: tuple[NewOperator, ...] = ()
    rows: tuple[TrainingRows, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    start: "Trained | None" = None

    def __len__(self) -> int:
        return len(next(iter(self.states.values())))

    def __getitem__(self, members: slice) -> "Trained":
        """Return some of the members."""
        return replace(self, states={name: entry[members] for name, entry in self.states.items()})

    def ensemble(self, new: Sequence[NewOperator] = ()) -> Ensemble:
        """Return the members, which know new operators by their codes.

        Raises:
            CorruptTableError: the states are not those of the method.
            ConfigError: the sentence vectors of new operators cannot be made.
            ResourceError: the sentence transformer is not to be had.
        """
        module, context = PREDICTORS.module(self.method), self._context(new)
        members = []
        for row in range(len(self)):
            state = {name: entry[row] for name, entry in self.states.items()}
            try:
                members.append(module.restore(state, self.settings, context))
            except (LookupError, RuntimeError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise CorruptTableError(f"weights of another predictor: {reason}") from error
        return Ensemble(tuple(members), getattr(module, "score_members", one_by_one))

    def as_start(self, new: Sequence[NewOperator] = ()) -> Start:
        """Return the members as what learning from few labels starts from; errors as above."""
        module, ensemble = PREDICTORS.module(self.method), self.ensemble(new)
        embeds = getattr(module, "embed_members", None)
        return Start(ensemble.members, ensemble.score_members, embeds)

    def known_operators(self, new: Sequence[NewOperator] = ()) -> KnownOperators:
        """Return what the members know of operators; errors as in ``ensemble``."""
        known = [*new, *self.new_operators]
        codes = [CODES[name] for name in self.operators]
        codes += range(len(NAMES) + len(new), len(NAMES) + len(known))
        return KnownOperators.of(self.embeddings, known, codes)

    def _context(self, new: Sequence[NewOperator]) -> Context:
        start = self.start.as_start([*new, *self.new_operators]) if self.start else None
        return Context(self.known_operators(new), start=start)


def train(
    method: str,
    sources: Sequence[TrainingSet],
    settings: Any,
    embeddings: OperatorEmbeddings,
    seed: int,
    *,
    new: Sequence[NewOperator] = (),
    checkpoints: Path | None = None,
    code: str = "",
    start: Trained | None = None,
    unlabelled: Architectures | None = None,
    device: str = "cpu",
) -> tuple[Trained, list[dict[str, int | float]]]:
    """Return a predictor after each epoch of its training, and the history of the training.

    A method without ``fit_epochs`` has one state, and in its history the seconds alone.

    Args:
        method: a file of ``methods/predictors``.
        sources: what is learned from.
        settings: the method's Settings.
        embeddings: the vocabulary's sentence vectors.
        seed: random seed.
        new: the new operators of the sources' space.
        checkpoints: as in ``Context``.
        code: as in ``Context``.
        start: the predictor that learning from few labels starts from, if it does.
        unlabelled: as in ``Context``.
        device: as in ``Context``.

    Raises:
        ConfigError: another device than the CPU, which is not there or which the method does not
            know.
    """
    module, generator = PREDICTORS.module(method), torch.Generator().manual_seed(seed)
    if device != "cpu" and not getattr(module, "ON_DEVICE", False):
        raise ConfigError(f"{method} is trained on the CPU, not on {device}")
    codes = codes_of(sources, len(NAMES) + len(new))
    context = Context(
        KnownOperators.of(embeddings, new, codes),
        checkpoints=checkpoints,
        code=code,
        start=start.as_start(new) if start else None,
        unlabelled=unlabelled,
        device=device,
    )
    if hasattr(module, "fit_epochs"):
        fitted = module.fit_epochs(sources, settings, context, generator)
    else:
        began = time.perf_counter()
        state = module.fit(sources, settings, context, generator).state
        seconds = time.perf_counter() - began
        fitted = Fitted([{"seconds": seconds}], {name: e[None] for name, e in state.items()})
    # The codes of what is new end with this training; afterwards the descriptions stand for it.
    new_operators = tuple(new[code - len(NAMES)] for code in codes if code >= len(NAMES))
    operators = tuple(NAMES[code] for code in codes if code < len(NAMES))
    rows = tuple(source.origin for source in sources if source.origin)
    trained = Trained(
        method, settings, fitted.epochs, embeddings, operators, new_operators, rows, start=start
    )
    return trained, fitted.history


def codes_of(sources: Iterable[TrainingSet], known: int) -> list[int]:
    """Return the codes of the operators that occur in training architectures, ascending."""
    occurring = {int(c) for s in sources for c in np.unique(s.architectures.cells.operators)}
    return sorted(code for code in occurring if code < known)


def joined(parts: Sequence[Trained]) -> Trained:
    """Return the members of all parts, which share everything but their states."""
    states = {name: torch.cat([part.states[name] for part in parts]) for name in parts[0].states}
    return replace(parts[0], states=states)


def own_settings(row: Mapping[str, Any]) -> Any:
    """Return the Settings of the method of an entry of the config's ``predictors``.

    Raises:
        ConfigError: a value that the method does not allow.
        UnknownNameError: a choice that does not exist, with the nearest one that does.
    """
    model = PREDICTORS.settings(row["method"])
    return read_settings(model, {name: row[name] for name in model.model_fields if name in row})


def save(path: Path, trained: Trained) -> None:
    """Write a weights file; it appears under its name only when it is whole."""
    # One entry: the format does not keep the order of several, and files shall repeat to the bit.
    about, tensors = _about(trained), dict(trained.states)
    tensors |= {ROWS + of.benchmark: _mask(of) for of in trained.rows}
    if trained.start:
        about["start"] = _about(trained.start)
        tensors |= {START + name: entry for name, entry in trained.start.states.items()}
    with written_whole(path) as part:
        try:
            save_file(tensors, part, {"predictor": json.dumps(about)})
        except SafetensorError as error:  # which is no OSError where the disk is full
            raise UnwritableFileError.of(path, error) from error
        seal(part)


def _about(trained: Trained) -> dict[str, Any]:
    return {
        "method": trained.method,
        "settings": trained.settings.model_dump(mode="json"),
        "embeddings": _digest(trained.embeddings),
        "training_operators": trained.operators,
        "new_training_operators": [[o.description, o.attributes] for o in trained.new_operators],
        "card": trained.card,
        "seal": SEAL,
    }


def load(path: Path, embeddings: OperatorEmbeddings) -> Trained:
    """Return what a weights file holds.

    Raises:
        CorruptTableError: the file is not one that ``save`` wrote for these embeddings.
    """
    about, tensors = read_about(path), {}
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about["embeddings"] != _digest(embeddings):
            raise ValueError("the sentence vectors are others")
        masks = {name: tensors.pop(name) for name in list(tensors) if name.startswith(ROWS)}
        begun = {name: tensors.pop(name) for name in list(tensors) if name.startswith(START)}
        begun = {name.removeprefix(START): entry for name, entry in begun.items()}
        rows = tuple(_rows(name.removeprefix(ROWS), mask) for name, mask in masks.items())
        start = _of_about(about["start"], begun, embeddings) if "start" in about else None
        return replace(_of_about(about, tensors, embeddings), rows=rows, start=start)
    except (*FAULTS, TgnasError) as error:
        raise CorruptTableError(f"{path} holds no weights for these embeddings: {error}") from error


def _new_operator(description: str, attributes: Sequence[float]) -> NewOperator:
    """Return an operator of a file, which may be older than the last of the attributes."""
    return NewOperator(description, (*attributes, *UNKNOWN[len(attributes) :]))


def _of_about(about: Mapping[str, Any], states: State, embeddings: OperatorEmbeddings) -> Trained:
    return Trained(
        about["method"],
        PREDICTORS.settings(about["method"]).model_validate(about["settings"]),
        states,
        embeddings,
        tuple(about["training_operators"]),
        tuple(_new_operator(*pair) for pair in about["new_training_operators"]),
        card=about["card"],
    )


def read_about(path: Path) -> dict[str, Any]:
    """Return the metadata of a weights file.

    Raises:
        UnreadableFileError: it is not there or cannot be opened.
        CorruptTableError: it is not one, or is damaged.
    """
    readable(path)
    try:
        check_seal(path)
        with safe_open(path, "pt") as file:
            return dict(read_json(file.metadata()["predictor"]))
    except FAULTS as error:
        raise CorruptTableError(f"{path} is not a file of weights: {error}") from error


def _digest(embeddings: OperatorEmbeddings) -> str:
    return hashlib.sha256(np.ascontiguousarray(embeddings.vectors).tobytes()).hexdigest()


def _mask(rows: TrainingRows) -> Tensor:
    """Return the bits of the rows that were learned from."""
    mask = np.zeros(int(rows.rows.max()) + 1, dtype=bool)
    mask[rows.rows] = True
    return torch.from_numpy(np.packbits(mask))


def _rows(benchmark: str, mask: Tensor) -> TrainingRows:
    return TrainingRows(benchmark, np.flatnonzero(np.unpackbits(mask.numpy())))
