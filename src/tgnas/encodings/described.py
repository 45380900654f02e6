"""What is known of operators: the vocabulary, and new operators by their descriptions.

A predictor reads an operator's sentence vector and attributes and nothing else of it, so a new
operator needs nothing but a description; it has the next free code. Its vector is made by the
sentence transformer of the vocabulary's vectors, once, and kept in the user's cache folder.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from jaxtyping import Float32

from tgnas.encodings.embeddings import OperatorEmbeddings
from tgnas.errors import ConfigError, ResourceError
from tgnas.files import written_whole
from tgnas.operators import ATTRIBUTES, VOCABULARY
from tgnas.spaces.space import NewOperator

logger = logging.getLogger(__name__)
TOLERANCE = 1e-4  # of a cosine; versions of the model's libraries differ by less


@dataclass(frozen=True, eq=False)
class KnownOperators:
    """Every operator that a method can be asked about, by code.

    Attributes:
        vectors: sentence vectors: the vocabulary's, then the new operators'.
        attributes: ``operators.ATTRIBUTES`` of each.
        training: codes of the operators that occur in the training architectures, ascending.
    """

    vectors: Float32[np.ndarray, "O D"]
    attributes: Float32[np.ndarray, "O 2"]
    training: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        embeddings: OperatorEmbeddings,
        new: Sequence[NewOperator] = (),
        training: Iterable[int] = (),
        cache: Path | None = None,
    ) -> "KnownOperators":
        """Return the vocabulary and new operators; errors as in ``sentence_vectors``."""
        attributes = [[operator.attributes[name] for name in ATTRIBUTES] for operator in VOCABULARY]
        attributes += [list(operator.attributes) for operator in new]
        vectors = embeddings.vectors
        if new:
            sentences = [operator.description for operator in new]
            vectors = np.concatenate([vectors, sentence_vectors(sentences, embeddings, cache)])
        return cls(vectors, np.array(attributes, dtype=np.float32), tuple(training))


def sentence_vectors(
    sentences: Sequence[str], embeddings: OperatorEmbeddings, cache: Path | None = None
) -> Float32[np.ndarray, "N D"]:
    """Return the vectors of descriptions, in the space of the vocabulary's.

    Args:
        sentences: what operators are, in plain English.
        embeddings: the vocabulary's vectors; they name the model.
        cache: where vectors are kept; a folder of the user's by default.

    Raises:
        ConfigError: the vectors are not those of all-MiniLM-L6-v2.
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
    vectors = {i: np.load(path) for i, path in enumerate(paths) if i not in missing}
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
            vectors[i] = vector
            _keep(paths[i], vector)
    return np.stack([vectors[i] for i in range(len(sentences))]).astype(np.float32)


def _digest(embeddings: OperatorEmbeddings, sentence: str) -> str:
    return hashlib.sha256(f"{embeddings.weights_sha256} {sentence}".encode()).hexdigest()


def _keep(path: Path, vector: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part, part.open("wb") as stream:
            np.save(stream, vector)
    except OSError as error:
        logger.warning("the vector of a description is not kept: %s", error)
