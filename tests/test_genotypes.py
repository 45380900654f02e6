"""Pictures of genotypes: every operator and every source is on them."""

import strategies
from hypothesis import given, settings

from tgnas.results import _style as style
from tgnas.results.genotype import draw_genotype
from tgnas.spaces.darts import SPACE, pairs_of


def wires(panel):
    """Return the heights at which operators take from a node, in the genotype's order."""
    dots = [line for line in panel.lines if line.get_marker() == "o"]
    return [-int(dot.get_ydata()[0]) for dot in dots]


@settings(max_examples=10)
@given(strategies.genotypes())
def test_a_cell_picture_shows_every_pair_of_the_genotype(architecture):
    figure = draw_genotype(architecture, "title")
    for panel, pairs, kind in zip(
        figure.axes, pairs_of(architecture), ("normal", "reduction"), strict=True
    ):
        written = [text.get_text() for text in panel.texts]
        assert [name for name in written if name in SPACE.operators] == [p[0] for p in pairs]
        assert wires(panel) == [source for _, source in pairs]
        assert panel.get_title() == f"{kind} cell"


def test_a_cell_picture_saved_twice_has_the_same_bytes(tmp_path):
    pairs = [("sep_conv_3x3", node % 2) for node in range(8)]
    text = f"Genotype(normal={pairs}, normal_concat=[2, 3, 4, 5], reduce={pairs}, "
    for name in ("first", "second"):
        figure = draw_genotype(text + "reduce_concat=[2, 3, 4, 5])", "title")
        style.save(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.pdf")
    for form in ("png", "pdf"):
        first, second = ((tmp_path / f"{n}.{form}").read_bytes() for n in ("first", "second"))
        assert first == second
