"""The settings of searchers that fit networks; without torch, so that a config is checked fast."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.methods.settings import MethodSettings


class PolicySettings(MethodSettings):
    """Settings of a search by policy gradient."""

    budget: int = Field(default=200, ge=2)
    """Labels that are queried."""
    batch: int = Field(default=10, ge=2)
    """Architectures that are drawn for an update."""
    hidden: PositiveInt = 64
    """Channels of the controller."""
    learning_rate: PositiveFloat = 0.01
    """Of Adam."""
    entropy: NonNegativeFloat = 0.005
    """Weight of the policy's entropy."""
    clip: PositiveFloat = 0.2
    """How far PPO lets a probability move from that of the sample, as a share."""
    passes: PositiveInt = 4
    """Updates on each sample; 1 is the plain policy gradient."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first batch that is the best by zero-shot score; where there is any, the
    controller has imitated the best hundredth by that score."""


class CtnasSettings(MethodSettings):
    """Those of CTNAS."""

    budget: int = Field(default=200, ge=2)
    """Labels that are queried."""
    first: int = Field(default=20, ge=2)
    """Labels before the first comparator."""
    batch: int = Field(default=30, ge=1)
    """Labels of a round."""
    steps: PositiveInt = 60
    """Updates of the controller in a round (10,000 in the paper)."""
    samples: PositiveInt = 32
    """Architectures that are drawn for an update."""
    tournament: PositiveInt = 30
    """Updates between two tournaments (500 in the paper)."""
    hidden: PositiveInt = 64
    """Channels of the controller."""
    learning_rate: PositiveFloat = 0.01
    """Of the controller's Adam."""
    entropy: NonNegativeFloat = 0.0005
    """Weight of the policy's entropy."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first queries that are the best by zero-shot score; where there are any, the
    controller has imitated the best hundredth by that score."""


class GuidedEvolutionSettings(MethodSettings):
    """Those of evolution on a predictor."""

    budget: int = Field(default=200, ge=2)
    """Labels that are queried."""
    first: int = Field(default=100, ge=2)
    """Labels before the predictor is fitted for the first time."""
    batch: int = Field(default=50, ge=1)
    """Labels of a round."""
    evolved: int = Field(default=1000, ge=1)
    """Architectures that the evolution of a round has the predictor score."""
    living: int = Field(default=50, ge=1)
    """Architectures in the evolution's population."""
    sample: int = Field(default=10, ge=1)
    """Those of them that a parent is the best of."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first queries that are the best by zero-shot score; the others are drawn."""


class NaoSettings(MethodSettings):
    """Those of NAO."""

    budget: int = Field(default=300, ge=2)
    """Labels that are queried."""
    first: int = Field(default=20, ge=2)
    """Labels before the first network (600 in the paper)."""
    batch: int = Field(default=30, ge=1)
    """Labels of a round (300 in the paper)."""
    moving: PositiveInt = 50
    """Best labelled architectures that are moved (100 in the paper)."""
    length: PositiveFloat = 0.5
    """Length of a step along the gradient; embeddings have length 1 at each place, before and
    after it."""
    steps: PositiveInt = 20
    """Lengths that are tried, one step further each."""
    zero_shot: float = Field(default=0.0, ge=0, le=1)
    """Share of the first queries that are the best by zero-shot score; the others are drawn."""


class IrlasSettings(PolicySettings):
    """Those of IRLAS."""

    mirror: NonNegativeFloat = 1.0
    """Weight of the mirror stimulus beside the accuracy, both standardised, at the beginning."""
    discount: float = Field(default=0.9, gt=0, le=1)
    """Weight of each vertex's features, relative to those of the vertex before."""
    rounds: PositiveInt = 5
    """Policies of the apprenticeship, at most."""
    steps: PositiveInt = 30
    """Updates of each policy."""
    tolerance: PositiveFloat = 0.2
    """Distance to the expert's feature expectations at which the apprenticeship ends, as a share of
    that of the first policy."""


class MnasnetSettings(PolicySettings):
    """Those of MnasNet."""

    constraint: Literal["soft", "hard"] = "soft"
    """soft (w = -.07 everywhere) or hard (0 up to the target, -1 beyond)."""
    target: float = Field(default=0.5, gt=0, lt=1)
    """The target cost T: what that share of all listed architectures keeps."""
