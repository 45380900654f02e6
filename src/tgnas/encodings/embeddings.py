"""The file of the operators' vectors: all that predictors know of sentences and models.

How the vectors are made is ``sentence.py``'s; it is apart so that an edit there re-trains only
what takes a file that came out otherwise.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float32

from tgnas.errors import CorruptTableError
from tgnas.files import written_whole
from tgnas.operators import NAMES


@dataclass(frozen=True, eq=False)
class OperatorEmbeddings:
    """One vector for each operator of the vocabulary, in its order.

    Attributes:
        sentences: what was embedded.
        vectors: unit vectors.
        model: the sentence transformer, or one_hot.
        weights_sha256: hash of its weights; empty where there are none.
        components: principal components that the vectors were cut to; 0 for none.
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
        with written_whole(path) as part:
            pq.write_table(table, part)

    @classmethod
    def read(cls, path: Path) -> "OperatorEmbeddings":
        """Return the embeddings of a file.

        Raises:
            CorruptTableError: it is none, or of another vocabulary.
        """
        try:
            table = pq.read_table(path)
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
