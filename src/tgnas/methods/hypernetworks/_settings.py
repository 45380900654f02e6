"""The settings of hypernetworks; without torch, so that a config is checked fast."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.methods.settings import MethodSettings

Share = Annotated[float, Field(ge=0, le=1)]


class Ghn2Settings(MethodSettings):
    """The paper's, where the meaning names no other value; sizes are those of small images."""

    hidden: PositiveInt = 32
    """Channels of a vertex."""
    largest_channels: PositiveInt = 32
    """Channels in and out of what is decoded, which is tiled to more; the paper: 64."""
    largest_kernel: PositiveInt = 5
    """Side of the kernels that are decoded; larger ones are refused; the paper: 11."""
    virtual_edges: PositiveInt = 50
    """Longest shortest path that is a virtual edge; 1 leaves only the edges that there are."""
    decoder: Literal["convolutional", "mlp"] = "convolutional"
    """What turns a vertex into a kernel; mlp is that of GHN-1."""
    graphs: PositiveInt = 1000
    """Architectures that are drawn and learned from; the paper: 1,000,000."""
    meta_batch: PositiveInt = 8
    """Architectures of a step, all on the same images."""
    without_normalisation: Share = 0.1
    """Share of the random architectures whose networks have no batch normalisation."""
    epochs: PositiveInt = 300
    """Passes over the training images."""
    batch: PositiveInt = 64
    """Images of a step."""
    learning_rate: PositiveFloat = 0.001
    """Of Adam; a cosine takes it to lowest_rate. The paper divides it by 10 twice."""
    lowest_rate: NonNegativeFloat = 0.00001
    """The learning rate at the end."""
    weight_decay: NonNegativeFloat = 0.00001
    """Of Adam."""
    clip: PositiveFloat = 5.0
    """Largest norm of the gradient."""
    channels: PositiveInt = 8
    """C of networks whose space gives them no width of their own."""
    layers: PositiveInt = 1
    """Cells of each of their stages."""
