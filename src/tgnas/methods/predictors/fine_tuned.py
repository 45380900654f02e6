"""TG-NAS fine-tuned: a zero-shot network that goes on learning with few labels of the target.

All weights of a graph network that has learned other spaces move on (Qiao et al., arXiv 2404.00271,
section 3, is zero-shot; going on is ours). What it said before is brought to the scale of labels by
its spread over unlabelled architectures of the target. Without warm weights the same network is
drawn anew, as TG-NAS initialises it, to show what they are worth. Both arms take the steps and the
rate of the settings, which are those of going on (150 at .001 by default) and were not sought for
a network that begins with nothing. Its embedding with a Gaussian process or ridge regression
on top is ``gaussian_process`` with ``inputs: embedding``.
"""

from collections.abc import Sequence

import numpy as np
import torch

from tgnas.errors import ConfigError
from tgnas.methods.card import Card
from tgnas.methods.contracts import Context, State
from tgnas.methods.predictors import tgnas, universal
from tgnas.methods.predictors._few_label_settings import FineTunedSettings as Settings
from tgnas.methods.predictors._network import Network
from tgnas.methods.predictors._together import (
    Copies,
    GraphForm,
    Predictor,
    alone,
    drawn,
    fit_copies,
    restored,
)
from tgnas.spaces.architectures import Architectures
from tgnas.training.splits import TrainingSet

CARD = Card(
    title="TG-NAS fine-tuned",
    reference="the zero-shot network: Qiao et al., arXiv 2404.00271, section 3",
    needs="labels of the target",
    deviations=(
        "fine-tuning is ours; the paper's network is used zero-shot",
        "each draw of labels goes on from one member of the ensemble, in turn",
        "without warm weights: as many steps at the same rate as with them, not sought anew",
    ),
)
POPULATION = 1024  # unlabelled architectures that give what the network said a scale


def fit_together(
    sources: Sequence[TrainingSet],
    settings: Settings,
    context: Context,
    generators: Sequence[torch.Generator],
) -> list[Predictor]:
    """Return a network for each source.

    Raises:
        ConfigError: there is no graph network to start from.
    """
    form, networks = _form(context), _networks(context)
    if not settings.warm:
        return fit_copies(
            sources, form, drawn(form.network, generators), settings, context, generators
        )
    known = sources[0].architectures if context.unlabelled is None else context.unlabelled
    known = known[:: max(1, len(known) // POPULATION)]
    places = [generator.initial_seed() % len(networks) for generator in generators]
    each = [_scaled(network, form, known, settings.slope) for network in networks]
    begun = {name: torch.stack([each[place][name] for place in places]) for name in each[0]}
    return fit_copies(sources, form, begun, settings, context, generators)


fit = alone(fit_together)


def _scaled(network: Network, form: GraphForm, known: Architectures, slope: float) -> Copies:
    """Return a network's parameters, its last layer so that what it says has mean 0 and a spread.

    Architectures that it scores far below all others, because they connect nothing, are cut to the
    lowest hundredth.
    """
    copy = {name: entry.detach().clone() for name, entry in network.named_parameters()}
    one = {name: entry[None] for name, entry in copy.items()}
    with torch.inference_mode():
        scores = form.scores(one, tuple(part[None] for part in form.read(known)))[0].numpy()
    scores = np.clip(scores, *np.quantile(scores, [0.01, 0.99]))
    factor = slope / max(float(scores.std()), 1e-6)
    weight, bias = (f"head.{len(network.head) - 1}.{kind}" for kind in ("weight", "bias"))
    copy[weight] = copy[weight] * factor
    copy[bias] = (copy[bias] - float(scores.mean())) * factor
    return copy


def can_start(context: Context) -> bool:
    """Tell whether there is a graph network on canonical graphs to start from."""
    return bool(_networks(context))


def _form(context: Context) -> GraphForm:
    """Return what networks read.

    Raises:
        ConfigError: there is no graph network to start from.
    """
    networks = _networks(context)
    if not networks:
        raise ConfigError("fine-tuning needs a graph network on canonical graphs to start from")
    return GraphForm(networks[0])


def _networks(context: Context) -> list[Network]:
    """Return the graph networks of the predictor to start from, if it has any."""
    members = context.start.members if context.start else ()
    cells = [m.cells if isinstance(m, universal.Predictor) else m for m in members]
    networks = [
        cell.network
        for cell in cells
        if isinstance(cell, tgnas.Predictor) and isinstance(cell.network, Network)
    ]
    return [] if networks and networks[0].settings.degrees else networks


def restore(state: State, settings: Settings, context: Context) -> Predictor:
    """Return the network of a state.

    Raises:
        ConfigError: as in ``fit_together``.
    """
    del settings  # the parameters hold what was learned
    return restored(state, _form(context), context)
