"""The settings of predictors of few labels; without torch, so that a config is checked fast."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tgnas.methods.settings import MethodSettings


class FewLabelSettings(MethodSettings):
    """What all networks of few labels are set by."""

    steps: PositiveInt = 150
    """Steps of the optimiser."""
    batch: PositiveInt = 64
    """Labels of a step; all of them where there are no more."""
    learning_rate: PositiveFloat = 0.003
    """AdamW's at the start; it falls to zero along a cosine."""
    weight_decay: NonNegativeFloat = 0.01
    """AdamW's, on every parameter."""
    loss: Literal["mse", "hinge"] = "mse"
    """mse, or the hinge loss of all pairs of a batch, each of which is asked to be as far apart as
    its labels, up to a standard deviation."""
    prior: NonNegativeFloat = 0.0
    """Prior mean of the slope between zero-shot score and label, as normal scores; 0: no prior."""


class CtnasSettings(MethodSettings):
    """Those of CTNAS's comparator."""

    hidden: PositiveInt = 64
    """Channels (128 in the paper)."""
    layers: PositiveInt = 4
    """Residual graph convolutions."""
    steps: PositiveInt = 150
    """Steps of Adam, each over all labelled architectures."""
    learning_rate: PositiveFloat = 0.003
    """Of Adam (2e-4 in the paper, for 1,000 epochs)."""
    weight_decay: NonNegativeFloat = 0.0005
    """Of Adam."""
    pair_steps: PositiveInt = 10
    """Steps in which further pairs are learned."""
    prior: NonNegativeFloat = 0.0
    """What a standard deviation of the zero-shot score adds to the logit at first; 0: no prior."""


class FineTunedSettings(FewLabelSettings):
    """Those of the zero-shot network, learning on."""

    learning_rate: float = 0.001
    """AdamW's at the start; it falls to zero along a cosine."""
    warm: bool = True
    """Whether the network begins with the weights of the zero-shot one; else they are drawn as it
    was initialised itself."""
    slope: float = 0.7
    """What the zero-shot network says, as a share of the labels' spread, before a label is seen."""


class GaussianProcessSettings(MethodSettings):
    """Those of the Gaussian process."""

    inputs: Literal["graph", "embedding"] = "graph"
    """graph (counts of the canonical graph) or embedding (channels of the zero-shot network)."""
    kernel: Literal["matern", "linear"] = "matern"
    """matern (5/2), or linear, which is ridge regression."""
    prior: NonNegativeFloat = 0.0
    """Prior mean of the slope between zero-shot score and label, as normal scores; 0: no prior."""
    doubted: bool = False
    """Whether labels choose between the prior and none, by the higher marginal likelihood."""


class GptpSettings(FewLabelSettings):
    """Those of GPTP."""

    pretraining: NonNegativeInt = 200
    """Steps of contrastive pre-training on unlabelled graphs of all spaces; 0: none."""


class GradientBoostingSettings(MethodSettings):
    """Those of gradient boosting."""

    trees: PositiveInt = 100
    """Trees, one after the other."""
    depth: PositiveInt = 3
    """Of a tree."""
    learning_rate: PositiveFloat = 0.1
    """Share of a tree's answer that counts."""
    share: float = Field(default=0.7, gt=0, le=1)
    """Share of the labels that a tree is fitted on."""
    prior: NonNegativeFloat = 0.0
    """Prior mean of the slope between zero-shot score and label, as normal scores; 0: no prior."""


class MlpSettings(FewLabelSettings):
    """Those of the multilayer perceptron."""

    learning_rate: float = 0.001
    """AdamW's at the start; it falls to zero along a cosine."""
    layers: PositiveInt = 4
    """Hidden layers."""
    width: PositiveInt = 1000
    """Channels of each."""


class NaoSettings(MethodSettings):
    """Those of NAO's encoder, predictor and decoder."""

    hidden: PositiveInt = 32
    """Channels of the encoder and decoder (64 and 32 in the paper)."""
    first_steps: PositiveInt = 600
    """Steps that reconstruct architectures without labels."""
    steps: PositiveInt = 150
    """Steps on labelled architectures."""
    batch: PositiveInt = 100
    """Architectures of a step."""
    learning_rate: PositiveFloat = 0.005
    """Of Adam, which falls to a tenth (1e-3 in the paper, for 1,000 epochs)."""
    weight_decay: NonNegativeFloat = 0.0001
    """Of Adam."""
    prior: float = Field(default=0.0, ge=0)
    """Slope between the zero-shot score and what is learned before labels are; 0: no prior."""


class RandomForestSettings(MethodSettings):
    """Those of the random forest."""

    trees: PositiveInt = 100
    """Trees, whose mean counts."""
    share: float = Field(default=1 / 3, gt=0, le=1)
    """Share of the features that a split looks at."""
    prior: NonNegativeFloat = 0.0
    """Prior mean of the slope between zero-shot score and label, as normal scores; 0: no prior."""


class RenasSettings(FewLabelSettings):
    """Those of ReNAS."""

    steps: PositiveInt = 100
    """Steps of the optimiser."""
    loss: Literal["mse", "hinge"] = "hinge"
    """hinge (of all pairs of a batch, the paper's), or mse, which it is compared with."""
