"""The settings of methods of weight sharing; without torch, so that a config is checked fast."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tgnas.methods.settings import MethodSettings


class Settings(MethodSettings):
    """What every supernet is built and trained with; the defaults are those of DARTS' search."""

    channels: PositiveInt = 16
    """C of the network."""
    layers: PositiveInt = 8
    """Cells of the network (darts), or of each of its three stages (nasbench201)."""
    epochs: PositiveInt = 50
    """Passes over the training images."""
    batch: PositiveInt = 64
    """Images of a step."""
    learning_rate: PositiveFloat = 0.025
    """Of the weights; a cosine takes it to lowest_rate."""
    lowest_rate: NonNegativeFloat = 0.001
    """The learning rate at the end."""
    momentum: NonNegativeFloat = 0.9
    """Of SGD."""
    weight_decay: NonNegativeFloat = 0.0003
    """Of the weights."""
    clip: PositiveFloat = 5.0
    """Largest norm of the weights' gradient."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of a step's forward passes; bfloat16 (autocast) needs a CUDA device. The finite difference of
    second-order darts, an architecture's score and the controller of enas stay in float32."""
    statistics: Literal["batch", "recomputed"] = "batch"
    """Of batch normalisations while a path is scored: those of the scored images, or the mean over
    training batches, recomputed for each path."""
    recomputed_over: PositiveInt = 4
    """Training batches that statistics are recomputed over."""
    contest: PositiveInt = 1
    """Paths that are drawn for a step, of which the one is taken that the zero-shot prior scores
    highest; 1 draws uniformly, without a prior."""


class MixtureSettings(Settings):
    """Those of all supernets, and of the architecture parameters."""

    step: Literal["eager", "captured"] = "eager"
    """How a CUDA device takes the step of the weights: captured as a graph, or eagerly. Mixtures
    alone can be captured: where paths are sampled, what runs changes with every step."""

    alpha_rate: PositiveFloat = 0.0003
    """Learning rate of the architecture parameters."""
    alpha_decay: NonNegativeFloat = 0.001
    """Weight decay of the architecture parameters."""


class StabilisedSettings(Settings):
    """Those of all supernets, the noise, and the samples of the weights."""

    temperature: NonNegativeFloat = 1e-6
    """Variance of the noise over twice the learning rate; 0 is plain single-path training."""
    samples: PositiveInt = 5
    """Last epochs whose weights are kept; a score is the mean over them. The learning rate, and the
    noise with it, should not end at 0 then (lowest_rate)."""


class FewShotSettings(Settings):
    """Those of all supernets, and how they are split."""

    split: NonNegativeInt | Literal["prior"] = 0
    """Place of the edge of NAS-Bench-201 that is split, in the order of the architecture string;
    prior: the edge whose operator says most about the scores of the zero-shot prior."""
    split_epochs: PositiveInt = 25
    """Epochs of each sub-supernet, after those of the whole one."""
    split_rate: PositiveFloat | None = None
    """Learning rate at which sub-supernets start; that of the whole one by default."""


class EnasSettings(Settings):
    """Those of all supernets, and the controller's."""

    hidden: PositiveInt = 32
    """Hidden channels of the controller's LSTM."""
    controller_rate: PositiveFloat = 0.001
    """Learning rate of the controller (Adam)."""
    entropy: NonNegativeFloat = 0.0001
    """Weight of the entropy in the reward."""
    baseline_decay: NonNegativeFloat = 0.9
    """Of the moving average of the reward, which starts at the first."""
    derived_from: PositiveInt = 100
    """Paths that the controller draws, of which the most accurate is derived."""


class DartsSettings(MixtureSettings):
    """Those of mixtures, and the order of the gradient."""

    order: Literal["first", "second"] = "second"
    """Whether the architecture's gradient looks through one step of the weights."""


class BalenasSettings(MixtureSettings):
    """Those of mixtures, and of the Gaussian; its rate is alpha_rate."""

    alpha_rate: PositiveFloat = 0.01
    """Learning rate of the mean."""
    forgetting: PositiveFloat = 0.01
    """b: how fast squared gradients are forgotten."""
    prior: PositiveFloat = 0.1
    """d: the precision of the prior, a Gaussian around 0."""
    observations: PositiveInt = 100
    """N: how much the data count against the prior; it divides the variance."""


class DDartsSettings(MixtureSettings):
    """Those of mixtures, the two further losses, and how gates are read."""

    learning_rate: PositiveFloat = 0.005
    """Of the weights."""
    alpha_rate: PositiveFloat = 0.003
    """Learning rate of the architecture parameters."""
    alpha_decay: NonNegativeFloat = 0.0
    """Weight decay of the architecture parameters; it would draw gates back to .5."""
    auxiliary: NonNegativeFloat = 1.0
    """Weight of the loss that drives gates to 0 or 1."""
    ablation: NonNegativeFloat = 0.7
    """Weight of the ablation loss."""
    threshold: NonNegativeFloat = 0.85
    """A gate below it is "none" where an architecture is derived."""
    shared: bool = False
    """Whether all cells of a kind have the same parameters, for comparison with the paper's."""


class BlockSettings(Settings):
    """Those of all supernets; a block alone is scored by the statistics of the scored images."""

    statistics: Literal["batch"] = "batch"
    """Of batch normalisations while a path of a block is scored: those of the scored images."""


class DnaSettings(BlockSettings):
    """Those of blocks, the teacher's, and what is derived from."""

    teacher_epochs: PositiveInt = 50
    """Epochs of the teacher, with the batches and rates of the supernet."""
    constraints: tuple[str, ...] = ()
    """Bounds that what is derived keeps, such as flops<=52 (in millions, as `tgnas search
    --constraint` counts them); none by default."""
    candidates: PositiveInt = 1000
    """Architectures within the bounds that are drawn, of which the best-rated is derived."""


class BossnasSettings(BlockSettings):
    """Those of blocks, and of learning without labels."""

    paths: PositiveInt = 4
    """Fair paths of a step."""
    moving: float = Field(default=0.99, ge=0, lt=1)
    """Share of the moving copy that a step keeps."""
    projected: PositiveInt = 32
    """Channels in which paths are compared."""
    population: PositiveInt = 32
    """Random paths whose mean is the centre of the population."""
