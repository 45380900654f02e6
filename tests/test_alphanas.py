"""alphaNAS: subgraphs by hand, its mutations, its searches, its study."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tgnas.costs.layers import count_parameters
from tgnas.errors import ConfigError
from tgnas.methods.searchers import alphanas
from tgnas.results import synthesis as result
from tgnas.searching.oracles import Oracle, predicted
from tgnas.spaces.programs import BASE, SPACE
from tgnas.spaces.space import open_space
from tgnas.studies import synthesis as study

ROWS = ["kind", "name", "seed", "query", "architecture", "measure", "value"]
RECIPE = Path(__file__).parents[1] / "config/recipes/digits.yaml"


def smallness(architectures) -> np.ndarray:
    return -np.log(count_parameters(architectures).astype(float))


def search(surrogate=None, **changed):
    settings = alphanas.Settings(**{"budget": 12, "living": 6, "sample": 3, **changed})
    oracle = Oracle(predicted(smallness))
    return alphanas.search(SPACE, oracle, settings, np.random.default_rng(0), surrogate)


def test_a_part_is_replaced_and_what_passes_it_by_stays():
    # 0 -> 1 -> 2 -> 3 -> 4, and 0 -> 3 beside: the part is vertex 2, which hears 1.
    edges = np.zeros((5, 5), dtype=bool)
    edges[[0, 1, 2, 3, 0], [1, 2, 3, 4, 3]] = True
    codes = SPACE.parse("input,relu,conv3x3,relu,output;0-1,1-2,2-3,3-4").cells.operators[0, :5]
    made = ("relu", "linear1x1")
    chain = [(0, 1), (1, 2), (2, 3)]
    graph = alphanas._replaced(codes, edges, (2, 2, 1), made, chain)
    assert graph[1] == [(0, 1), (0, 4), (1, 2), (2, 3), (3, 4), (4, 5)]
    # Nothing in the place of the part: what heard it hears what it heard.
    empty = alphanas._replaced(codes, edges, (2, 2, 1), (), [(0, 1)])
    assert empty[1] == [(0, 1), (0, 2), (1, 2), (2, 3)]


def test_a_subgraph_has_one_way_in_and_one_way_out():
    parent = SPACE.parse(BASE)
    edges = parent.cells.adjacency()[0, :10, :10]
    for seed in range(30):
        first, last, entry = alphanas._subgraph(edges, 4, np.random.default_rng(seed))
        inside = np.arange(first, last + 1)
        outside = np.setdiff1d(np.arange(10), inside)
        assert set(np.argwhere(edges[np.ix_(outside, inside)])[:, 0]) == {
            int(np.flatnonzero(outside == entry)[0])
        }
        assert not edges[np.ix_(inside[:-1], outside)].any()


def test_mutants_are_programs_and_differ_from_their_parent():
    parent, generator = SPACE.parse(BASE), np.random.default_rng(0)
    made = [alphanas.mutated(SPACE, parent, alphanas.Settings(), generator) for _ in range(40)]
    mutants = [SPACE.format(one)[0] for one in made if one is not None]
    assert len(mutants) > 10
    assert len(SPACE.architectures(mutants)) == len(mutants)
    assert len(set(mutants) - {BASE}) > 8


def test_a_search_begins_at_the_first_network_spends_its_budget_and_repeats_with_its_seed():
    trace, again = search(), search()
    assert SPACE.format(trace.architectures[:1]) == [BASE]
    assert trace.queries == len(trace.scores) == 12
    assert len(trace.architectures.distinct()[0]) == 12
    assert SPACE.format(trace.architectures) == SPACE.format(again.architectures)
    assert trace.scores[trace.incumbent] == trace.scores.max() > trace.scores[0]


class Smallest:
    """A surrogate that knows the score."""

    def fit(self, observed, generator):
        assert len(observed.architectures) == len(observed.labels)
        return self

    def score(self, architectures):
        return smallness(architectures)


def test_a_surrogate_chooses_among_mutants():
    guided = search(Smallest(), proposals=4)
    assert guided.queries == 12
    assert guided.scores[1:].mean() > search().scores[1:].mean()


def test_a_space_without_programs_is_refused_in_one_line():
    with pytest.raises(ConfigError, match="of nasbench201 are none; search the space programs"):
        alphanas.settings_within(open_space("nasbench201"), 100)


def test_a_small_study_of_synthesis_fills_its_table():
    settings = study.Settings(
        requests=30, bounds=(2, 3), guesses=10, built=2, channels=4, queries=2, proposals=2,
        seeds=1, trainings=2, widths=(),
    )  # fmt: skip
    parts = ["requests", "widths", "search-alphanas-0", "search-alphanas_parameters-0"]
    frames = [study.run(part, settings, {"recipe": RECIPE}, Path()) for part in parts]
    frame = result.table(frames)
    requests = frame[frame.part == "requests"].pivot_table("value", "name", "measure")
    assert (requests.right == requests.satisfied).all()
    assert (requests.satisfied + requests.unsatisfiable == 30).all()
    assert requests.built_right["3"] == requests.built["3"] == 2
    networks = list(result._shown_networks(frame))
    assert [row["network"] for row in networks][1:] == [
        result.METHODS["alphanas"], result.METHODS["alphanas_parameters"]
    ]  # fmt: skip
    assert len(result.figure(frames).axes) == 4


def test_networks_are_compared_with_what_no_filter_found_training_by_training():
    def final(method, *tests):
        for query, test in enumerate(tests):
            for name, accuracy in ((method, test), ("base", 95.0)):
                for measure, value in (("test", accuracy), ("parameters", 100.0)):
                    yield "final", f"{method}/{name}", 0, query, "", measure, value

    rows = [
        *final("alphanas", 90.0, 92.0, 91.0),
        *final("alphanas_predictor", 91.0, 93.0, 93.0),
        *(("widths", "4", 0, query, "", "test", 89.0) for query in range(3)),
    ]
    frame = result.table([pd.DataFrame(rows, columns=ROWS)])
    by = frame[frame.measure == "less no filter"].set_index("name")
    # Differences 1, 1, 2: mean 4/3, standard deviation sqrt(1/3); t of 2 degrees is 4.3027.
    half = 4.3027 * (1 / 3) ** 0.5 / 3**0.5
    assert by.index.tolist() == ["alphanas_predictor", "4"]
    assert by.value.tolist() == pytest.approx([4 / 3, -2.0])
    assert [by.low.iloc[0], by.high.iloc[0]] == pytest.approx(
        [4 / 3 - half, 4 / 3 + half], abs=1e-4
    )
