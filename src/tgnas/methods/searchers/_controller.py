"""The controller of searches by policy gradient: an LSTM that writes architectures token by token.

As in Zoph and Le, ICLR 2017; it writes only what the search space lists. One update serves all
searchers: the clipped objective of PPO (Schulman et al., arXiv 1707.06347), which with one pass is
the plain policy gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional

from tgnas.encodings.sequences import Sequences
from tgnas.methods.light_contracts import Scores, Trace
from tgnas.methods.searchers._few import Candidates, best_among, zero_shot_of
from tgnas.methods.searchers._network_settings import PolicySettings

IMITATED, IMITATION = 0.01, 60  # best share by zero-shot score, and steps of imitating it


class Network(nn.Module):
    """An LSTM with an embedding of each place's tokens and a head for each place."""

    first: Tensor

    def __init__(self, sizes: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        first = np.concatenate([[1], 1 + np.cumsum(sizes)[:-1]])
        self.register_buffer("first", torch.from_numpy(first))
        self.tokens = nn.Embedding(1 + sum(sizes), hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        # Zero heads: the first samples are uniform among what is allowed.
        self.heads = nn.Parameter(torch.zeros(len(sizes), hidden, max(sizes)))
        self.biases = nn.Parameter(torch.zeros(len(sizes), max(sizes)))

    def forward(
        self, tokens: Int64[Tensor, "B D"], masks: Bool[Tensor, "B D O"]
    ) -> Float[Tensor, "B D O"]:
        """Return the log probability of every token behind those before it."""
        before = functional.pad(tokens[:, :-1] + self.first[:-1], (1, 0))
        hidden, _ = self.lstm(self.tokens(before))
        logits = torch.einsum("bdh,dho->bdo", hidden, self.heads) + self.biases
        return logits.masked_fill(~masks, -1e9).log_softmax(2)


@dataclass(eq=False)
class Controller:
    """A policy over listed architectures.

    Args:
        sequences: of what is listed.
        hidden: channels of the LSTM.
        learning_rate: of Adam.
        entropy: weight of the entropy in what is maximised.
        clip: how far PPO lets a probability move from that of the sample, as a share.
        passes: updates on each sample; 1 is the plain policy gradient.
        generator: of its weights and of what is drawn.
    """

    sequences: Sequences
    hidden: int
    learning_rate: float
    entropy: float
    generator: np.random.Generator
    clip: float = 0.2
    passes: int = 1
    network: Network = field(init=False)

    def __post_init__(self) -> None:
        seed = int(self.generator.integers(1 << 31))
        self.network = Network(self.sequences.sizes, self.hidden)
        drawn = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, values in self.network.named_parameters():
                if name.startswith(("lstm", "tokens")):
                    values.uniform_(-0.1, 0.1, generator=drawn)
        self._adam = torch.optim.Adam(self.network.parameters(), self.learning_rate)

    @torch.no_grad()
    def sample(self, count: int) -> Int64[np.ndarray, " B"]:
        """Return the listed rows of architectures that are drawn from the policy."""
        network, sequences = self.network, self.sequences
        nodes = np.zeros(count, dtype=np.int64)
        before, state = torch.zeros(count, dtype=torch.int64), None
        for place, size in enumerate(sequences.sizes):
            hidden, state = network.lstm(network.tokens(before)[:, None], state)
            logits = hidden[:, 0] @ network.heads[place] + network.biases[place]
            noisy = logits[:, :size].numpy() + self.generator.gumbel(size=(count, size))
            tokens = np.where(sequences.allowed(place, nodes), noisy, -np.inf).argmax(axis=1)
            nodes = sequences.follow(place, nodes, tokens)
            before = torch.from_numpy(tokens) + network.first[place]
        return sequences.rows(nodes)

    def learn(self, rows: Int64[np.ndarray, " B"], advantages: Float64[np.ndarray, " B"]) -> None:
        """Make sampled rows more likely, in proportion to their advantages."""
        tokens, masks = self._inputs(rows)
        gain = torch.from_numpy(np.asarray(advantages, dtype=np.float32))
        sampled = None
        for _ in range(self.passes):
            every = self.network(tokens, masks)
            likely = every.gather(2, tokens[:, :, None])[:, :, 0].sum(1)
            sampled = likely.detach() if sampled is None else sampled
            ratio = (likely - sampled).exp()
            clipped = ratio.clamp(1 - self.clip, 1 + self.clip)
            spread = -(every.exp() * every).masked_fill(~masks, 0).sum((1, 2))
            aim = torch.minimum(ratio * gain, clipped * gain) + self.entropy * spread
            self._step(-aim.mean())

    def imitate(self, rows: Int64[np.ndarray, " n"], steps: int, batch: int = 32) -> None:
        """Maximise the likelihood of listed rows."""
        for _ in range(steps):
            tokens, masks = self._inputs(self.generator.choice(rows, batch))
            every = self.network(tokens, masks)
            self._step(-every.gather(2, tokens[:, :, None]).sum() / batch)

    def _inputs(self, rows: Int64[np.ndarray, " B"]) -> tuple[Tensor, Tensor]:
        tokens, masks = self.sequences.tokens[rows], self.sequences.masks(rows)
        return torch.from_numpy(tokens), torch.from_numpy(masks)

    def _step(self, loss: Tensor) -> None:
        self._adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._adam.step()


def start_from_zero_shot(controller: Controller, candidates: Candidates) -> None:
    """Have a controller imitate the best hundredth by zero-shot score.

    Raises:
        ConfigError: the architectures have no zero-shot scores.
    """
    scores = zero_shot_of(candidates.every)
    best = np.argsort(-scores, kind="stable")[: max(10, round(IMITATED * len(scores)))]
    controller.imitate(best, IMITATION)


@dataclass(eq=False)
class Labels:
    """Labels that a policy has asked for: none is queried twice.

    Attributes:
        trace: of the queries.
        candidates: what may be queried.
        known: label of each row that has been queried.
    """

    trace: Trace
    candidates: Candidates
    known: dict[int, float] = field(default_factory=dict)

    def query(self, rows: Int64[np.ndarray, " n"]) -> None:
        """Query rows, none of which is known."""
        labels = self.candidates.query(self.trace, rows)
        self.known |= dict(zip(rows.tolist(), labels.tolist(), strict=True))

    def of(
        self, rows: Int64[np.ndarray, " B"], budget: int, generator: np.random.Generator
    ) -> tuple[Int64[np.ndarray, " b"], Scores]:
        """Return the rows whose labels are known, and these; new ones are queried.

        Where the policy writes nothing new, one is drawn and queried, so that every call spends a
        query; it is not returned, for the policy did not write it. What is beyond the budget is
        left out.
        """
        new = [row for row in dict.fromkeys(rows.tolist()) if row not in self.known]
        if not new:
            new = [int(generator.choice(np.flatnonzero(self.candidates.open)))]
        self.query(np.array(new[: budget - self.trace.queries]))
        kept = np.array([row for row in rows.tolist() if row in self.known])
        return kept, np.array([self.known[row] for row in kept.tolist()])


def standardised(rewards: Scores) -> Scores:
    """Return the rewards of a sample less their mean, in standard deviations."""
    return (rewards - rewards.mean()) / (rewards.std() + 1e-6)


def search_by_policy(
    candidates: Candidates,
    trace: Trace,
    settings: PolicySettings,
    generator: np.random.Generator,
    reward: Callable[[Int64[np.ndarray, " B"], Scores], Scores],
) -> Labels:
    """Query ``settings.budget`` labels with a controller that is rewarded for them; return them.

    Args:
        candidates: what may be queried.
        trace: of the queries.
        settings: of the search.
        generator: of all that is drawn.
        reward: of rows and their labels.
    """
    s = settings
    sequences = Sequences.of(candidates.every)
    controller = Controller(
        sequences, s.hidden, s.learning_rate, s.entropy, generator, s.clip, s.passes
    )
    labels, budget = Labels(trace, candidates), min(s.budget, len(candidates.every))
    if s.zero_shot:
        start_from_zero_shot(controller, candidates)
        count = min(s.batch, budget)
        rows = candidates.first(count, generator, s.zero_shot)
        labels.query(rows)
        # The best by zero-shot score stand for a sample of what was imitated; the others were
        # drawn, which the policy did not do.
        led = rows[: best_among(count, s.zero_shot)]
        if len(led):
            rewards = reward(led, np.array([labels.known[row] for row in led.tolist()]))
            controller.learn(led, standardised(rewards))
    while trace.queries < budget:
        rows, known = labels.of(controller.sample(s.batch), budget, generator)
        controller.learn(rows, standardised(reward(rows, known)))
    return labels
