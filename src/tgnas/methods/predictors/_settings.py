"""The settings of TG-NAS's predictor; without torch, so that a config is checked fast."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, model_validator

from tgnas.training.optimisation import Optimisation

AUTHORS_SHAPE = (
    "graph",
    "normalisation",
    "norm",
    "bidirectional",
    "residual",
    "readout",
    "head_layers",
    "degrees",
    "operator_attributes",
)


class Settings(Optimisation):
    """One configuration; the defaults are the authors' code."""

    graph: Literal["global_node", "canonical"] = "global_node"
    """Encoding of cells: global_node (the authors' code) or canonical (ours)."""
    layers: PositiveInt = 4
    """Rounds of message passing."""
    width: PositiveInt = 64
    """Hidden channels."""
    normalisation: Literal["none", "row", "symmetric"] = "none"
    """Of the aggregation matrix: none, row (each vertex takes the mean) or symmetric (divided by
    the roots of both degrees)."""
    norm: Literal["none", "batch", "graph", "layer"] = "batch"
    """Of the hidden channels: none, batch (over all vertices of a batch), graph (over the vertices
    of each graph) or layer (over the channels of each vertex)."""
    bidirectional: bool = False
    """Messages along the edges and against them, with weights of their own for the vertex itself;
    otherwise along the edges alone."""
    residual: bool = False
    """A layer's output is added to its input."""
    readout: Literal["last", "mean", "sum"] = "last"
    """Last (the global node or the output), or the mean or the sum over vertices."""
    head_layers: NonNegativeInt = 0
    """Hidden layers between readout and score."""
    degrees: bool = False
    """The logarithms of in- and out-degree stand beside the sentence vector."""
    projected: bool = False
    """Sentence vectors are projected on the span of those of the training operators, so that what
    no training operator varies has no influence."""
    operator_attributes: tuple[Literal["weights", "reach"], ...] = ()
    """Which attributes of an operator stand beside its sentence vector, as log(1 + x)."""
    dead_cells_last: bool = True
    """A canonical graph whose output no input reaches scores lowest, whatever the network says."""
    label: Literal["accuracy", "rank"] = "accuracy"
    """The label: the accuracy as a fraction, or its rank among the source's, from 0 to 1."""
    loss: Literal["mse", "ranking"] = "mse"
    """mse, or ranking (the logistic loss of all pairs of a batch)."""
    back_end: Literal["dense", "dgl"] = "dense"
    """Both give the same scores; dgl runs the network of the authors' code only."""

    @property
    def authors(self) -> bool:
        """Tell whether layers and width are all in which the network differs from the authors'."""
        fields = type(self).model_fields
        return all(getattr(self, name) == fields[name].default for name in AUTHORS_SHAPE)

    @model_validator(mode="after")
    def _check_back_end(self) -> "Settings":
        if self.back_end == "dgl" and not self.authors:
            raise ValueError("back end dgl runs the network of the authors' code only")
        return self
