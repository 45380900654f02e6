"""The operators' sentence vectors: all that predictors know of sentences and models.

The vocabulary's vectors are a file. A new operator needs nothing but a description, for a predictor
reads an operator's vector and attributes and nothing else of it: it has the next free code, and its
vector is made by the same sentence transformer, once, and kept in the user's cache folder.

How vectors are made is ``sentence.py``'s; it is apart so that an edit there re-trains only what
takes a file that came out otherwise.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import pyarrow as pa
from jaxtyping import Float32

from tgnas.errors import ConfigError, CorruptTableError, ResourceError
from tgnas.files import written_whole
from tgnas.operators import ATTRIBUTES, NAMES, VOCABULARY
from tgnas.resources.seals import SEAL, check_seal, read_parquet, seal, write_parquet
from tgnas.spaces.space import NewOperator

logger = logging.getLogger(__name__)
MINILM = "all-MiniLM-L6-v2"
TOLERANCE = 1e-4  # of a cosine; versions of the model's libraries differ by less


@dataclass(frozen=True, eq=False)
class OperatorEmbeddings:
    """One unit vector for each operator of the vocabulary, in its order.

    The model is a sentence transformer, or one_hot, whose weights have an empty hash.
    ``components`` is how many principal components the vectors were cut to; 0 for none.
    """

    sentences: tuple[str, ...]
    vectors: Float32[np.ndarray, "O D"]
    model: str
    weights_sha256: str
    components: int = 0

    def write(self, path: Path) -> None:
        """Write a Parquet file; it appears under its name only when it is whole."""
        vectors = pa.FixedSizeListArray.from_arrays(self.vectors.ravel(), self.vectors.shape[1])
        about = {
            "model": self.model,
            "weights_sha256": self.weights_sha256,
            "components": str(self.components),
        }
        table = pa.table(
            {"operator": list(NAMES), "sentence": list(self.sentences), "vector": vectors}
        ).replace_schema_metadata(about)
        write_parquet(path, table)

    @classmethod
    def read(cls, path: Path) -> "OperatorEmbeddings":
        """Return the embeddings of a file.

        Raises:
            CorruptTableError: it is none, or of another vocabulary.
        """
        try:
            table = read_parquet(path)
            metadata = table.schema.metadata or {}
            model, sha256 = (metadata[key].decode() for key in (b"model", b"weights_sha256"))
            components = int(metadata[b"components"])
            sentences = tuple(table.column("sentence").to_pylist())
            operators = tuple(table.column("operator").to_pylist())
            vectors = table.column("vector").combine_chunks()
            flat = vectors.flatten().to_numpy().astype(np.float32)
        except (pa.ArrowException, OSError, KeyError, ValueError, AttributeError) as error:
            raise CorruptTableError(f"{path} is not a file of embeddings: {error}") from error
        if operators != NAMES or len(flat) % len(NAMES):
            raise CorruptTableError(f"{path} does not embed the operators {', '.join(NAMES)}")
        return cls(sentences, flat.reshape(len(NAMES), -1), model, sha256, components)


@dataclass(frozen=True, eq=False)
class KnownOperators:
    """Vectors and attributes of every operator that a method can be asked about, by code.

    ``training`` are the codes of those that occur in the training architectures, ascending.
    """

    vectors: Float32[np.ndarray, "O D"]
    attributes: Float32[np.ndarray, "O A"]
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
            vectors = np.concatenate([vectors, _vectors_of(new, embeddings, cache)])
        return cls(vectors, np.array(attributes, dtype=np.float32), tuple(training))


def _vectors_of(
    new: Sequence[NewOperator], embeddings: OperatorEmbeddings, cache: Path | None
) -> Float32[np.ndarray, "N D"]:
    """Return a vector of each new operator; one of the vocabulary's sentences has its own."""
    known = dict(zip(embeddings.sentences, embeddings.vectors, strict=True))
    sentences = dict.fromkeys(operator.description for operator in new)
    missing = [sentence for sentence in sentences if sentence not in known]
    if missing:
        known |= zip(missing, sentence_vectors(missing, embeddings, cache), strict=True)
    return np.stack([known[operator.description] for operator in new])


def sentence_vectors(
    sentences: Sequence[str], embeddings: OperatorEmbeddings, cache: Path | None = None
) -> Float32[np.ndarray, "N D"]:
    """Return the vectors of descriptions, in the space of the vocabulary's.

    They are kept in `cache`, a folder of the user's by default.

    Raises:
        ConfigError: the vectors are not those of all-MiniLM-L6-v2.
        ResourceError: the model cannot be loaded, or is not the one that was learned with.
    """
    if embeddings.model != MINILM or embeddings.components:
        raise ConfigError(
            f"new operators need a predictor that reads the whole vectors of {MINILM}, not "
            f"{embeddings.components or 'all'} components of {embeddings.model}"
        )
    folder = cache or Path(platformdirs.user_cache_dir("tgnas")) / "sentences"
    digests = [f"{embeddings.weights_sha256} {sentence}".encode() for sentence in sentences]
    paths = [folder / f"{hashlib.sha256(digest).hexdigest()}.npy" for digest in digests]
    kept = {i: _kept(path, embeddings.vectors.shape[1]) for i, path in enumerate(paths)}
    vectors = {i: vector for i, vector in kept.items() if vector is not None}
    missing = [i for i in kept if i not in vectors]
    if missing:
        from tgnas.encodings import sentence as model  # noqa: PLC0415 - 1 s that others save

        # The first one's vector is known: it tells whether this is the same model.
        texts = [embeddings.sentences[0], *(sentences[i] for i in missing)]
        known, *embedded = model.embed_sentences(texts, model.model_source(MINILM))
        if known @ embeddings.vectors[0] < 1 - TOLERANCE:
            raise ResourceError(
                f"the installed {MINILM} is not the one that the predictor learned with: "
                f"their vectors of {texts[0]!r} differ"
            )
        for i, vector in zip(missing, embedded, strict=True):
            vectors[i] = vector
            _keep(paths[i], vector)
    return np.stack([vectors[i] for i in range(len(sentences))]).astype(np.float32)


def _kept(path: Path, width: int) -> np.ndarray | None:
    """Return a vector that was kept; None where there is none, or a damaged one."""
    try:
        check_seal(path)
        with path.open("rb") as stream:
            vector = np.load(stream)
        if vector.shape != (width,):
            raise ValueError(f"its shape is {vector.shape}")
    except FileNotFoundError:
        return None
    except (CorruptTableError, EOFError, OSError, ValueError) as error:
        logger.warning("the vector of a description is made anew: %s: %s", path, error)
        return None
    return vector


def _keep(path: Path, vector: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            with part.open("wb") as stream:
                np.save(stream, vector)
                stream.write(SEAL.encode())  # behind what the reader of arrays takes
            seal(part)
    except OSError as error:
        logger.warning("the vector of a description is not kept: %s", error)
