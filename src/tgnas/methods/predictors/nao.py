"""NAO (Luo et al., NeurIPS 2018, arXiv 1808.07233): architectures in a space that has gradients.

An LSTM encodes the tokens of an architecture, a small network predicts its accuracy from the mean
of the encoder's outputs, and an LSTM with attention decodes the tokens again; all three learn
together (section 3). A gradient of the prediction moves an embedding, which decodes to another
architecture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from scipy import special
from torch import Tensor, nn
from torch.nn import functional

from tgnas.encodings.sequences import Sequences, Vocabulary
from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.few_labels import Inputs, LabelScale, normal_scores
from tgnas.methods.predictors._few_label_settings import NaoSettings as Settings
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="NAO",
    reference="Luo et al., NeurIPS 2018, arXiv 1808.07233, section 3",
    needs="labels of the target",
    deviations=(
        "encoder and decoder first learn to reconstruct architectures without labels, once for a "
        "space, instead of 1,000 epochs on labelled ones",
        "32 channels; labels are learned as quantiles, not scaled by their least and highest",
        "decoded tokens are those of listed architectures (a tree of prefixes)",
        "gradients are of unit length, so that a step means the same for every embedding",
        "with a prior: the predictor first learns the zero-shot scores of the space (ours)",
    ),
)
CHUNK = 4096
LOSS_WEIGHT = 0.8  # of the prediction beside the reconstruction, section 3.3


class Network(nn.Module):
    """Encoder, predictor and decoder."""

    starts: Tensor

    def __init__(self, sizes: Sequence[int], hidden: int) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        # One token more at each place, for what the vocabulary lacks; before all, the start.
        starts = 1 + np.concatenate([[0], np.cumsum(np.array(sizes) + 1)[:-1]])
        self.register_buffer("starts", torch.from_numpy(starts), persistent=False)
        self.tokens = nn.Embedding(1 + sum(sizes) + len(sizes), hidden)
        self.encoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.predictor = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, 1)
        )
        self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.joined = nn.Linear(2 * hidden, hidden)
        self.heads = nn.Parameter(torch.randn(len(sizes), hidden, max(sizes)) * hidden**-0.5)

    def encode(self, tokens: Int64[Tensor, "B D"]) -> Float[Tensor, "B D C"]:
        """Return the embedding: the encoder's outputs, of unit length at each place."""
        return functional.normalize(self.encoder(self.tokens(tokens + self.starts))[0], dim=2)

    def predict(self, embedded: Float[Tensor, "B D C"]) -> Float[Tensor, " B"]:
        """Return the logit of the predicted quantile."""
        return self.predictor(embedded.mean(1) * embedded.shape[1] ** 0.5)[:, 0]

    def uphill(self, tokens: Int64[Tensor, "B D"], length: float) -> Float[Tensor, "B D C"]:
        """Return the embedding that far along the gradient of the prediction.

        It has unit length at each place again, as the decoder knows embeddings.
        """
        embedded = self.encode(tokens).detach().requires_grad_()
        (slope,) = torch.autograd.grad(self.predict(embedded).sum(), embedded)
        slope = slope / slope.norm(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        return functional.normalize(embedded.detach() + length * slope, dim=2)

    def decode(
        self,
        embedded: Float[Tensor, "B D C"],
        before: Int64[Tensor, "B d"],
        state: tuple[Tensor, Tensor] | None = None,
        place: int = 0,
    ) -> tuple[Float[Tensor, "B d O"], tuple[Tensor, Tensor]]:
        """Return the logits of the tokens from a place on, and the decoder's state.

        Args:
            embedded: what is decoded.
            before: numbers of the tokens before each.
            state: of the decoder behind the places before; None at the first.
            place: the first.
        """
        if state is None:
            first = embedded.mean(1)[None]
            state = first, torch.zeros_like(first)
        hidden, state = self.decoder(self.tokens(before), state)
        seen = (self.query(hidden) @ embedded.transpose(1, 2)).softmax(2) @ embedded
        joined = torch.tanh(self.joined(torch.cat([hidden, seen], 2)))
        heads = self.heads[place : place + before.shape[1]]
        return torch.einsum("bdc,dco->bdo", joined, heads), state

    def reconstruction(
        self, embedded: Float[Tensor, "B D C"], tokens: Int64[Tensor, "B D"]
    ) -> Float[Tensor, ""]:
        """Return the cross entropy of the decoded tokens."""
        before = functional.pad(tokens[:, :-1] + self.starts[:-1], (1, 0))
        logits, _ = self.decode(embedded, before)
        return functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained network; a score is the expected label.

    Attributes:
        network: encoder, predictor, decoder.
        vocabulary: of the space.
        labels: the way between labels and normal scores.
        sequences: of the architectures that the context lists; None where it lists none.
    """

    network: Network
    vocabulary: Vocabulary
    labels: LabelScale
    sequences: Sequences | None = None

    @property
    def state(self) -> State:
        """All arrays."""
        known = self.vocabulary
        arrays = {
            "vertices": np.array([known.vertices]),
            "places": known.places,
            "sizes": np.array(known.sizes),
            "values": np.concatenate(list(known.values)),
            "labels": self.labels.labels,
            "label_scores": self.labels.scores,
        }
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return tensors | {f"network.{n}": v for n, v in self.network.state_dict().items()}

    @torch.no_grad()
    def score(self, architectures: Architectures) -> Float64[np.ndarray, " N"]:
        """Return the expected label of each architecture; higher is better."""
        tokens = torch.from_numpy(self.vocabulary.encode(architectures))
        parts = [self.network.predict(self.network.encode(one)) for one in tokens.split(CHUNK)]
        quantiles = torch.cat(parts).double().sigmoid().numpy()
        return self.labels.back(special.ndtri(np.clip(quantiles, 1e-6, 1 - 1e-6)))

    def moved(self, architectures: Architectures, length: float) -> Int64[np.ndarray, " N"]:
        """Return what each becomes when its embedding moves so far up the predicted label.

        A row is that of a listed architecture. A length of 0 reconstructs.

        Raises:
            ConfigError: the context that it was fitted in lists no architecture.
        """
        if self.sequences is None:
            raise ConfigError("an architecture is moved among listed ones, and none is listed")
        tokens = torch.from_numpy(self.vocabulary.encode(architectures))
        return self._decoded(self.network.uphill(tokens, length), self.sequences)

    @torch.no_grad()
    def _decoded(
        self, embedded: Float[Tensor, "B D C"], sequences: Sequences
    ) -> Int64[np.ndarray, " B"]:
        """Return the listed row of the likeliest token at each place, one after the other."""
        network, count = self.network, len(embedded)
        nodes, state = np.zeros(count, dtype=np.int64), None
        before = torch.zeros((count, 1), dtype=torch.int64)
        for place, size in enumerate(network.sizes):
            logits, state = network.decode(embedded, before, state, place)
            allowed = sequences.allowed(place, nodes)
            tokens = np.where(allowed, logits[:, 0, :size].numpy(), -np.inf).argmax(axis=1)
            nodes = sequences.follow(place, nodes, tokens)
            before = (torch.from_numpy(tokens) + network.starts[place])[:, None]
        return sequences.rows(nodes)


Weights = Mapping[str, Tensor]
# What is learned without a label is the same for all fits in a space: by its architectures.
_UNLABELLED: WeakKeyDictionary[Architectures, dict[Settings, tuple[Sequences, Weights]]]
_UNLABELLED = WeakKeyDictionary()


def _without_labels(
    listed: Architectures, settings: Settings, context: Context
) -> tuple[Sequences, Weights]:
    """Return the sequences of a space and the weights that reconstruct them; seed 0."""
    known = _UNLABELLED.setdefault(listed, {})
    if settings not in known:
        sequences, prior = Sequences.of(listed), None
        if settings.prior:
            inputs = Inputs.of("graph", listed, context, prior=True)
            prior = special.ndtr(settings.prior * inputs.prior(listed))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = Network(sequences.sizes, settings.hidden)
        generator = torch.Generator().manual_seed(0)
        _learn(network, sequences.tokens, prior, settings, settings.first_steps, generator)
        known[settings] = sequences, network.state_dict()
    return known[settings]


def _learn(
    network: Network,
    tokens: Int64[np.ndarray, "n D"],
    quantiles: Float64[np.ndarray, " n"] | None,
    settings: Settings,
    steps: int,
    generator: torch.Generator,
) -> None:
    """Reconstruct tokens, and predict quantiles where there are any."""
    sequences = torch.from_numpy(tokens)
    aim = None if quantiles is None else torch.from_numpy(quantiles.astype(np.float32))
    rate, decay = settings.learning_rate, settings.weight_decay
    adam = torch.optim.Adam(network.parameters(), rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps, rate / 10)
    for _ in range(steps):
        rows = torch.randint(len(sequences), (settings.batch,), generator=generator)
        embedded = network.encode(sequences[rows])
        loss = (1 - LOSS_WEIGHT) * network.reconstruction(embedded, sequences[rows])
        if aim is not None:
            error = network.predict(embedded).sigmoid() - aim[rows]
            loss = loss + LOSS_WEIGHT * (error**2).mean()
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        adam.step()
        schedule.step()


def fit(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generator: torch.Generator,
) -> Predictor:
    """Return the network of the labels of one source.

    Raises:
        ConfigError: a prior, and no zero-shot predictor to start from.
    """
    [source] = sources
    listed = context.unlabelled if context.unlabelled is not None else source.architectures
    sequences, weights = _without_labels(listed, settings, context)
    network = Network(sequences.sizes, settings.hidden)
    network.load_state_dict(weights)
    tokens = sequences.vocabulary.encode(source.architectures)
    quantiles = special.ndtr(normal_scores(source.labels))
    _learn(network, tokens, quantiles, settings, settings.steps, generator)
    scale = LabelScale.of(source.labels)
    return Predictor(network, sequences.vocabulary, scale, sequences)


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the network of a state; it moves nothing, for no architecture is listed."""
    del context
    arrays = {name: state[name].numpy() for name in ("vertices", "places", "sizes", "values")}
    values = np.split(arrays["values"], np.cumsum(arrays["sizes"])[:-1])
    vocabulary = Vocabulary(int(arrays["vertices"][0]), arrays["places"], values)
    network = Network(vocabulary.sizes, settings.hidden)
    own = {n.removeprefix("network."): v for n, v in state.items() if n.startswith("network.")}
    network.load_state_dict(own)
    labels = LabelScale(state["labels"].numpy(), state["label_scores"].numpy())
    return Predictor(network, vocabulary, labels)
