"""Operators that no predictor was trained on: their descriptions become features on the fly.

A predictor reads an operator's sentence vector and nothing else of it, so a new operator needs
nothing but the vector of its description: a row of the table of features, under the next free
code. Vectors are made by the sentence transformer that the predictor learned with, once, and kept
in the user's cache folder.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import torch
from jaxtyping import Float32

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.encodings.global_node import GLOBAL
from tgnas.encodings.graphs import Graphs
from tgnas.errors import ConfigError, ResourceError
from tgnas.files import written_whole
from tgnas.methods.predictors._gcn import GCN, DenseGCN, DenseInputs, GraphConvolution
from tgnas.methods.predictors._network import Network
from tgnas.methods.predictors.tgnas import Settings, projected
from tgnas.operators import ATTRIBUTES, NAMES, VOCABULARY
from tgnas.spaces.space import NewOperator

logger = logging.getLogger(__name__)
TOLERANCE = 1e-4  # of a cosine; versions of the model's libraries differ by less


@dataclass(frozen=True, eq=False)
class Known:
    """Every operator that a predictor can be asked about, by code.

    Attributes:
        vectors: sentence vectors: the vocabulary's, then the new operators'.
        attributes: ``operators.ATTRIBUTES`` of each.
    """

    vectors: Float32[np.ndarray, "O D"]
    attributes: Float32[np.ndarray, "O 2"]

    @classmethod
    def of(
        cls, embeddings: OperatorEmbeddings, new: Sequence[NewOperator], cache: Path | None = None
    ) -> "Known":
        """Return the vocabulary and new operators behind it; errors as in ``sentence_vectors``."""
        beside = [[operator.attributes[name] for name in ATTRIBUTES] for operator in VOCABULARY]
        beside += [list(operator.attributes) for operator in new]
        vectors = embeddings.vectors
        if new:
            sentences = [operator.description for operator in new]
            vectors = np.concatenate([vectors, sentence_vectors(sentences, embeddings, cache)])
        return cls(vectors, np.array(beside, dtype=np.float32))


def sentence_vectors(
    sentences: Sequence[str], embeddings: OperatorEmbeddings, cache: Path | None = None
) -> Float32[np.ndarray, "N D"]:
    """Return the vectors of descriptions, in the space of the vocabulary's.

    Args:
        sentences: what operators are, in plain English.
        embeddings: the vocabulary's vectors; they name the model.
        cache: where vectors are kept; a folder of the user's by default.

    Raises:
        ConfigError: the predictor reads no vectors of all-MiniLM-L6-v2.
        ResourceError: the model cannot be loaded, or is not the one that was learned with.
    """
    from tgnas.encodings import sentence as model  # noqa: PLC0415 - 1 s that known operators save

    if embeddings.model != model.MINILM or embeddings.components:
        raise ConfigError(
            f"new operators need a predictor that reads the whole vectors of {model.MINILM}, not "
            f"{embeddings.components or 'all'} components of {embeddings.model}"
        )
    folder = cache or Path(platformdirs.user_cache_dir("tgnas")) / "sentences"
    paths = [folder / f"{_digest(embeddings, sentence)}.npy" for sentence in sentences]
    missing = [i for i, path in enumerate(paths) if not path.is_file()]
    found = {i: np.load(path) for i, path in enumerate(paths) if i not in missing}
    if missing:
        # The first one's vector is known: it tells whether this is the same model.
        asked = [embeddings.sentences[0], *(sentences[i] for i in missing)]
        known, *made = model.embed_sentences(asked, model.model_source(model.MINILM))
        if known @ embeddings.vectors[0] < 1 - TOLERANCE:
            raise ResourceError(
                f"the installed {model.MINILM} is not the one that the predictor learned with: "
                f"their vectors of {asked[0]!r} differ"
            )
        for i, vector in zip(missing, made, strict=True):
            found[i] = vector
            _keep(paths[i], vector)
    return np.stack([found[i] for i in range(len(sentences))]).astype(np.float32)


def _digest(embeddings: OperatorEmbeddings, sentence: str) -> str:
    return hashlib.sha256(f"{embeddings.weights_sha256} {sentence}".encode()).hexdigest()


def _keep(path: Path, vector: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part, part.open("wb") as stream:
            np.save(stream, vector)
    except OSError as error:
        logger.warning("the vector of a description is not kept: %s", error)


def features_of(
    known: Known, settings: Settings, training_operators: Sequence[int]
) -> Float32[np.ndarray, "256 D"]:
    """Return the feature of every operator code, as ``tgnas.new_network`` makes it.

    Args:
        known: the operators, whose codes are their places.
        settings: the predictor's configuration.
        training_operators: codes of the operators that it learned from, for ``Settings.projected``.
    """
    vectors = projected(known.vectors, training_operators) if settings.projected else known.vectors
    features = np.zeros((256, vectors.shape[1] + 1), dtype=np.float32)
    features[: len(vectors), :-1] = vectors
    features[GLOBAL, -1] = 1
    if settings.operator_attributes:
        beside = np.zeros((256, len(settings.operator_attributes)), dtype=np.float32)
        chosen = [ATTRIBUTES.index(name) for name in settings.operator_attributes]
        beside[: len(known.attributes)] = np.log1p(known.attributes[:, chosen])
        features = np.concatenate([features, beside], axis=1)
    return features


class OpenGCN(DenseGCN):
    """The network of the authors' code, with operators beside the vocabulary's.

    Args:
        features: the feature of every operator code.
        count: how many operators there are.
        layers: as in ``DenseGCN``.
        width: as in ``DenseGCN``.
    """

    def __init__(self, features: np.ndarray, count: int, layers: int, width: int) -> None:
        self.codes = np.array([*range(count), GLOBAL], dtype=np.uint8)
        GCN.__init__(self, features[self.codes], GraphConvolution, layers, width)

    def prepare(self, graphs: Graphs) -> DenseInputs:
        """Return encoded cells in the form that ``forward`` reads."""
        one_hot = torch.from_numpy(graphs.operators[:, :, None] == self.codes).float()
        aggregation = torch.from_numpy(graphs.aggregation)
        return DenseInputs(torch.bmm(aggregation, one_hot), aggregation)


def open_network(
    known: Known, settings: Settings, training_operators: Sequence[int]
) -> GCN | Network:
    """Return an uninitialised network that reads all known operators; arguments as above.

    With the vocabulary alone it is the network of ``tgnas.new_network``.
    """
    features = features_of(known, settings, training_operators)
    if settings.authors:
        shape = settings.shape
        return OpenGCN(features, max(len(known.vectors), len(NAMES)), shape.layers, shape.width)
    return Network(features, settings.shape)
