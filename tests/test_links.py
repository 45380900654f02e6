"""Links of the page and of captions: none leads to a script, whatever a config value says."""

from types import ModuleType

import pytest

from tgnas.page.html import prose
from tgnas.results._catalogue import caption

SCRIPTS = (
    "[x](javascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](feed:javascript:alert(1))",
    "[x](data:image/png;base64,AAAA)",
    "<javascript:alert(1)>",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_link_that_is_no_page_stays_text(text):
    html = prose(text)
    assert "href" not in html and "<script" not in html


@pytest.mark.parametrize("address", ["https://arxiv.org/abs/2404.00271", "#methods", "docs/a.md#b"])
def test_a_link_to_a_page_stays_a_link(address):
    assert f'<a href="{address}">x</a>' in prose(f"[x]({address})")


@pytest.mark.parametrize("text", [*SCRIPTS, "[x](https://example.org)"])
def test_a_config_value_in_a_caption_is_no_link(text):
    module = ModuleType("made")
    module.CAPTION = "Of {name}, *all* of {sizes}."
    written = caption(module, {"name": text, "sizes": [1, 2]}, "table")
    html = prose(written)
    assert "href" not in html and "<script" not in html
    assert "<em>all</em> of [1, 2]." in html


@pytest.mark.parametrize(
    ("seeds", "said"),
    [(1, "1 seed."), (2_000, "2,000 seeds."), ("1, 2", "1, 2 seeds.")],
)
def test_a_caption_counts_one_as_one(seeds, said):
    module = ModuleType("made")
    module.CAPTION = "Mean over {seeds:seed}."
    assert caption(module, {"seeds": seeds}, "table") == f"Mean over {said}"
    module.CAPTION = "Mean over {seeds:predictor seed}."
    spoken = f"Mean over {said.replace('seed', 'predictor seed')}"
    assert caption(module, {"seeds": seeds}, "table") == spoken
