"""Properties of programs: by hand, against real networks, and programs that are synthesised."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tgnas.costs.layers import count_parameters
from tgnas.errors import InvalidCellError
from tgnas.networks.programs import network_of_program, program_of
from tgnas.spaces.programs import BASE, EFFECTS, OPERATORS, SPACE
from tgnas.spaces.properties import IDENTITY, PIXELS, Properties, properties_of, whole
from tgnas.spaces.synthesis import Start, progressive, shortest, skips_of, synthesise
from tgnas.studies import synthesis as study


def of(text: str) -> Properties:
    """Return the properties of a program."""
    cells = SPACE.parse(text).cells
    found, valid = properties_of(cells, EFFECTS)
    assert valid.all()
    return Properties(*whole(cells, found)[0].tolist())


def sequence(*names: str) -> str:
    edges = ",".join(f"{i}-{i + 1}" for i in range(len(names) + 1))
    return f"{','.join(['input', *names, 'output'])};{edges}"


def test_the_properties_of_a_program_are_the_hands():
    # A depthwise 3x3 with ReLU: one nonlinearity, neighbours, own channels. Two linear 1x1, to
    # twice the channels and back: all channels. A ReLU; and around the last three a skip.
    text = "input,dwconv3x3,widen1x1,narrow1x1,relu,output;0-1,1-2,2-3,3-4,1-5,4-5"
    assert of(text) == Properties(channels=0, side=0, depth=2, pixels=1, mixing=1)
    assert of(BASE) == Properties(channels=2, side=2, depth=8, pixels=1, mixing=1)
    assert of(sequence("avgpool2x2", "context")) == Properties(0, 1, 0, 2, 0)


def test_properties_of_sequences_and_sums_follow_from_those_of_the_parts():
    wide, pool = OPERATORS["widen1x1"].effect, OPERATORS["avgpool2x2"].effect
    assert wide.then(pool) == Properties(1, 1, 0, 1, 1)
    assert wide.beside(pool) is None
    assert OPERATORS["relu"].effect.beside(OPERATORS["context"].effect) == Properties(0, 0, 1, 2, 0)


def test_a_sum_of_different_shapes_is_no_program():
    with pytest.raises(InvalidCellError, match="a sum of different shapes"):
        SPACE.parse("input,widen1x1,output;0-1,1-2,0-2")


def test_a_shape_out_of_bounds_is_no_program():
    with pytest.raises(InvalidCellError, match="the side may be halved 2 times"):
        SPACE.parse(sequence("avgpool2x2", "avgpool2x2", "avgpool2x2"))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_what_hears_its_own_place_or_channel_alone_depends_on_no_other(seed):
    architecture = SPACE.sample(1, np.random.default_rng(seed))
    has = of(SPACE.format(architecture)[0])
    torch.manual_seed(seed)
    program = program_of(architecture, 4).double().eval()
    images = torch.randn(1, 4, 8, 8, dtype=torch.float64, requires_grad=True)
    found = program(images)
    side = 8 >> has.side
    assert found.shape == (1, int(4 * 2.0**has.channels), side, side)
    [gradient] = torch.autograd.grad(found[0, 1 % found.shape[1], 0, 0], images, allow_unused=True)
    depends = gradient[0] != 0
    if has.mixing == 0:
        assert not depends[torch.arange(4) != 1].any()
    if has.pixels == 0:
        assert not depends[:, 1:].any()
        assert not depends[:, :, 1:].any()


@pytest.mark.parametrize(("text", "side", "heard"), [(BASE, 8, 8), (BASE, 64, 35)])
def test_some_pixels_are_a_window_that_may_cover_a_small_image(text, side, heard):
    torch.manual_seed(0)
    program = program_of(SPACE.parse(text), 4).double().eval()
    images = torch.randn(4, 4, side, side, dtype=torch.float64, requires_grad=True)
    found = program(images)
    middle = found.shape[-1] // 2
    assert PIXELS[of(text).pixels] == "some"
    [gradient] = torch.autograd.grad(found[:, 0, middle, middle].sum(), images)
    places = (gradient != 0).any(dim=(0, 1))
    assert int(places.sum()) == heard**2


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_a_program_of_depth_0_is_affine_and_none_has_more_nonlinearities_in_a_row(seed):
    architecture = SPACE.sample(1, np.random.default_rng(seed))
    text = SPACE.format(architecture)[0]
    member = SPACE.object_of(text)
    longest = [0] * len(member["operators"])
    for source, target in sorted(member["edges"], key=lambda edge: edge[1]):
        name = member["operators"][target]
        own = "conv" in name or name == "relu"
        longest[target] = max(longest[target], longest[source] + own)
    assert of(text).depth == longest[-1]
    if longest[-1] == 0:
        program = program_of(architecture, 4).double().eval()
        one, other = torch.randn(2, 1, 4, 8, 8, dtype=torch.float64)
        zero = program(torch.zeros_like(one))
        summed = program(one) + program(other) - zero
        assert torch.allclose(program(one + other), summed)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_the_parameters_of_a_program_are_those_that_are_counted(seed):
    architecture = SPACE.sample(1, np.random.default_rng(seed))
    network = network_of_program(SPACE.format(architecture)[0], 10)
    weights = sum(weight.numel() for weight in network.parameters())
    assert count_parameters(architecture, 10)[0] == weights


def test_a_progressive_synthesis_adds_what_is_missing():
    request = Properties(channels=1, side=1, depth=2, pixels=2, mixing=1)
    found, _ = progressive(request, Start(), 8, np.random.default_rng(0))
    assert of(sequence(*found)) == request


@pytest.mark.parametrize(
    "request_",
    [
        Properties(channels=1),  # what widens mixes channels
        Properties(side=1),  # what halves the side mixes pixels
        Properties(side=3, pixels=1),  # the space halves twice
        Properties(depth=4),  # of at most three operators
    ],
)
def test_what_no_program_has_is_said_to_be_unsatisfiable(request_):
    made = synthesise(request_, Start(), 3, np.random.default_rng(0))
    assert (made.operators, made.by) == (None, "none")


def test_every_small_program_has_properties_that_the_abstract_search_reaches_and_no_others():
    facts = {row[5]: row[6] for row in study._exhaustion(2)}
    # One operator or two in a row, in all 12 + 144 ways; or the input beside one or two of them.
    assert facts["differ"] == 0
    assert facts["enumerated"] == facts["reached"] > 500


def test_skips_change_no_property():
    generator = np.random.default_rng(0)
    names = ("dwconv3x3", "relu", "widen1x1", "linear3x3", "context")
    edges = ",".join(f"{a}-{b}" for a, b in skips_of(names, 1.0, generator))
    skipped = f"{','.join(['input', *names, 'output'])};{edges}"
    assert skipped != sequence(*names)
    assert of(skipped) == of(sequence(*names))


def test_the_shortest_sequences_have_the_properties_that_they_stand_for():
    known = shortest(Start(), 3)
    assert known[IDENTITY] == ()
    assert all(of(sequence(*names)) == has for has, names in known.items() if names)
