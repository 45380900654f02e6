"""Supernets and the methods that train them."""

import numpy as np
import pytest
import torch

from tgnas.networks.supernet import SPACES, build_supernet, paths_of
from tgnas.spaces.space import open_space

IMAGES = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3, 8, 8)))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("space", "layers"), [("nasbench201", 2), ("darts", 3)])
def test_a_path_computes_what_its_stand_alone_network_does(space, layers, training):
    torch.manual_seed(0)
    supernet = build_supernet(space, 10, 4, layers).double().train(training)
    architectures = open_space(space).sample(8, np.random.default_rng(1))
    for row, gates in enumerate(paths_of(space, architectures)):
        alone = supernet.stand_alone(architectures[[row]]).train(training)
        assert torch.equal(supernet(IMAGES, gates), alone(IMAGES))
