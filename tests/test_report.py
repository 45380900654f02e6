"""The page: what it says, and how it opens, sorts, filters and draws in a real browser."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import script
from matplotlib.figure import Figure
from playwright.sync_api import Browser, Page, sync_playwright
from snakemake.io import IOFile, report
from snakemake.sourcecache import LocalSourceFile

from tgnas.benchmarks.base import Benchmark, build_table, open_benchmark, write_table
from tgnas.encodings.live import live_vertices
from tgnas.errors import ConfigError
from tgnas.operators import CODES
from tgnas.page.captions import captioned_results, render_caption
from tgnas.page.explorer import mean_ranks
from tgnas.page.page_tables import Table, parse_markdown
from tgnas.registry import GRAPH_PROXIES, NETWORK_PROXIES, PREDICTORS, SEARCHERS
from tgnas.results.headline import claims, headline, signed
from tgnas.results.searches import search_markdown, summarise_search
from tgnas.results.style import save
from tgnas.results.tables import (
    claims_markdown,
    ranking_markdown,
    read_reported,
    summarise_claims,
    summarise_ranking,
)
from tgnas.scoring.tables import write_scores
from tgnas.spaces.nasbench201 import SPACE
from tgnas.workflow.provenance import environment

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
DEMO = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
LABEL = CONFIG["ranking"]["nasbench201"]
NAMES = {
    "published": "tgnas_code",
    "leaked": "tgnas_code_leaked",
    "counted": "params",
    "chosen": "tgnas_canonical",
    "third": "ensemble_gcn_topology_params",
    "fourth": "ensemble_gcn_distilled_topology_params",
    "searcher": "hybrid",
}
METHODS = [
    {"name": "tgnas_code", "title": "the published one", "family": "predictor"},
    {"name": "tgnas_code_leaked", "title": "epoch chosen (leaked)", "family": "leaked"},
    {"name": "params", "title": "#params <& no more>", "family": "proxy"},
    {"name": "tgnas_canonical", "title": "ours", "family": "predictor"},
    {"name": "ensemble_gcn_topology_params", "title": "ours, joined", "family": "ensemble"},
    {
        "name": "ensemble_gcn_distilled_topology_params",
        "title": "ours, joined later",
        "family": "ensemble",
    },
]
FOUND = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
WIDTHS, SCHEMES = (1280, 390), ("light", "dark")
CAPTIONS = sorted((ROOT / "workflow" / "report").glob("*.rst"))
PARAMS: dict[str, Any] = {
    "ranking": LABEL,
    "settings": CONFIG["proxies"],
    "reference": "tgnas_code",
    "top": 10,
}


def made_benchmark() -> Benchmark:
    """Return the space's own cells with numbers that stand for accuracies: none of them is real."""
    choices = np.indices((5,) * 6).reshape(6, -1).T
    columns = {}
    for place, dataset in enumerate(LABEL["datasets"]):
        weights = np.array([3.0, 2.1, 1.7, 1.3, 1.1, 0.7]) + place
        worth = np.array([0.0, 0.5, 1.1, 2.3, 0.2])
        columns[f"accuracy/{dataset}/test/200"] = 10 + 1.2 * (worth[choices] * weights).sum(axis=1)
        columns[f"parameters/{dataset}"] = 70_000 + 1000 * (choices == 3).sum(axis=1)
    every = SPACE.enumerate()
    return Benchmark("nasbench201", build_table(SPACE, every, SPACE.format(every), columns))


def ranking_table() -> pd.DataFrame:
    """Return the table of two seeds of every method, as the workflow makes it."""
    rows = [
        {"method": method["name"], "seed": seed, "dataset": dataset, "population": population,
         "subset": subset, "name": measure, "value": 0.3 + place / 10 + seed / 100,
         "low": 0.2, "high": 0.6, "architectures": 15625}
        for place, method in enumerate(METHODS)
        for seed in range(2)
        for dataset in LABEL["datasets"]
        for population, subset in (("all", "all"), ("all", "top"), ("unique", "all"))
        for measure in ("kendall_tau", "spearman_rho", "precision_at_100", "regret_at_100",
                        "rank_at_100")
    ]  # fmt: skip
    titles = {method["name"]: method["title"] for method in METHODS}
    reported = read_reported(ROOT / "config" / "reported.csv")
    return summarise_ranking(pd.DataFrame(rows), titles, reported)


def search_table() -> pd.DataFrame:
    """Return the table of one search, as the workflow makes it."""
    shared = {"scorer": "tgnas_code", "searcher": "hybrid", "architecture": FOUND, "seed": 0}
    counts = {"queries": 10.0, "distinct": 9, "seconds": 0.5}
    columns = {name: 90.0 for d in LABEL["datasets"] for name in (d, f"{d} top")}
    answers = pd.DataFrame([shared | counts | columns | {"run": run} for run in range(2)])
    reported = read_reported(ROOT / "config" / "reported.csv")
    return summarise_search(answers, LABEL["datasets"], reported)


def write_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Write tables, a figure and the provenance; return what their rules would say of them."""
    (folder / "tables").mkdir()
    ranking, search = ranking_table(), search_table()
    claimed = summarise_claims(ranking, search, read_reported(ROOT / "config" / "reported.csv"))
    settings = {k: CONFIG["ranking"][k] for k in ("top_share", "at", "resamples", "level")}
    fact = "| fact | value |\n|:--|:--|\n| architecture | `{}` |\n"
    tables = {
        "ranking": (ranking, ranking_markdown(ranking, settings | LABEL)),
        "search": (search, search_markdown(search, LABEL["datasets"], 10)),
        "claims": (claimed, claims_markdown(claimed)),
        "final_training": (pd.DataFrame(), fact.format(FOUND.replace("|", "\\|"))),
        "ablations": (
            pd.DataFrame(),
            "| axis | value |\n|:--|--:|\n| <b>depth</b> | 0.5 ± 0.1 |\n",
        ),
    }
    for name, (table, markdown) in tables.items():
        table.to_csv(folder / "tables" / f"{name}.csv", index=bool(table.empty))
        (folder / "tables" / f"{name}.md").write_text(markdown)
    figure = Figure()
    figure.subplots().plot([0, 1])
    save(figure, folder / "predictions.png")
    facts = {
        "environment": environment(),
        "embedding": {"model": "all-MiniLM-L6-v2", "weights_sha256": "0" * 64, "components": 0},
        "seconds": {"train": {"jobs": 2, "seconds": 5000.0, "longest": 2500.0, "peak_mib": 700.5}},
        "config": CONFIG,
    }
    (folder / "provenance.json").write_text(json.dumps(facts))
    files = [*(folder / "tables" / f"{name}.csv" for name in tables), folder / "predictions.png"]
    return {
        str(file): {
            "caption": str(ROOT / "workflow" / "report" / f"{file.stem}.rst"),
            "wildcards": {"listing": file.stem},
            "params": PARAMS,
        }
        for file in (*files, folder / "provenance.json")
    }


def render(folder: Path, *, with_benchmark: bool = True) -> Path:
    """Return the page of made tables, with the real space or without any."""
    results = write_results(folder)
    benchmark = made_benchmark()
    write_table(benchmark.table, folder / "nasbench201.arrow")
    generator = np.random.default_rng(0)
    scores = []
    for method in METHODS:
        scores.append(folder / f"{method['name']}.parquet")
        write_scores(scores[-1], benchmark, generator.normal(size=(2, len(benchmark))))
    script("render_report")(
        provenance=folder / "provenance.json",
        resources=ROOT / "config" / "resources.tsv",
        benchmarks=[folder / "nasbench201.arrow"] if with_benchmark else [],
        scores=scores if with_benchmark else [],
        page=folder / "report.html",
        results=results,
        methods=METHODS if with_benchmark else [],
        names=NAMES,
        config=CONFIG,
    )
    return folder / "report.html"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render the page of made tables and the real space."""
    return render(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the Chromium that the machine has."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium is installed (Debian's package of that name)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page in the browser, and all that it said and asked for.

    Attributes:
        page: the browser's page.
        said: console messages and uncaught errors.
        asked: addresses of requests, data within the page aside.
    """

    def __init__(self, browser: Browser, file: Path, width: int, scheme: str) -> None:
        size = {"width": width, "height": 900}
        self.page: Page = browser.new_page(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page.set_default_timeout(120_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def outside(self) -> list[str]:
        """Return the requests for anything but the file and what is inlined in it."""
        return [url for url in self.asked[1:] if not url.startswith("data:")]


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Iterator[Page]:
    """Open the page at 1280 pixels; at the end it must have said nothing."""
    opened = Opened(browser, page_file, 1280, "light")
    yield opened.page
    opened.page.close()
    assert not opened.said


def column(page: Page, place: int) -> list[str]:
    """Return a column of the shown architectures."""
    return page.locator(f".listing tbody td:nth-child({place})").all_inner_texts()


def drawn_operators(page: Page) -> list[str]:
    """Return the operators of the drawn cell, in the order of the edges."""
    edges = page.locator(".picture [data-operator]")
    return edges.evaluate_all("edges => edges.map(edge => edge.dataset.operator)")


def spelled(architecture: str) -> list[str]:
    """Return the operators in an architecture string."""
    return re.findall(r"\|([^|~+]+)~", architecture)


def choose(page: Page, architecture: str) -> None:
    """Pick an architecture by its string."""
    page.fill(".wanted", architecture)
    page.locator(".listing tbody tr").first.click()


# What the page says.


def test_sentences_quote_the_tables():
    ranking, search = ranking_table(), search_table()
    sentences, tiles = headline(
        ranking, search, NAMES, {"cells": 10_000, "epochs": 4}, LABEL["datasets"][0]
    )
    assert "10,000 cells" in sentences[0] and "0.305 ± 0.007" in sentences[0]
    assert "counting their parameters gives 0.505" in sentences[0]
    assert "0.405 ± 0.007 instead (+0.100)" in sentences[1]
    assert "a third round chose, 0.705 ± 0.007, as a fourth did, 0.805" in sentences[2]
    assert "has 0.605" in sentences[2] and "90.00 ± 0.00 %" in sentences[2]
    assert "93.75 % are reported" in sentences[2]
    assert [tile.value for tile in tiles] == ["0.305", "0.405", "0.505", "0.605"]


def test_a_run_without_the_published_predictor_has_no_sentence_on_it():
    ranking, search = ranking_table(), search_table()
    ranking = ranking[ranking.method != "tgnas_code"]
    search = search[search.scorer != "tgnas_code"]
    sentences, tiles = headline(ranking, search, NAMES, {}, LABEL["datasets"][0])
    assert len(sentences) == 1 and sentences[0].startswith("Our graph network")
    assert [tile.kind for tile in tiles] == ["leaked", "counted", "chosen"]


def test_a_difference_that_rounds_to_zero_has_no_sign():
    assert [signed(v, 2) for v in (-0.001, 0.5, -0.5)] == ["0.00", "+0.50", "\N{MINUS SIGN}0.50"]


def test_a_claim_has_a_bar_to_the_side_on_which_it_lies():
    columns = ["table", "method", "dataset", "measure", "reported", "reproduced", "difference"]
    row = ["search", "a/hybrid", "cifar10", "accuracy", 93.75, 91.25, -2.5]
    table = pd.DataFrame([[*row, 10, 2, "paper"]], columns=[*columns, "n", "seeds", "source"])
    (claim,) = claims(table, {"a": "A"})
    assert (claim.what, claim.dataset) == ("A: hybrid search", "CIFAR-10")
    assert claim.below and claim.share == 0.5


def test_the_best_of_a_column_is_no_row_that_saw_the_test_labels():
    text = "| method | KT x | regret@1 x |\n|:--|--:|--:|\n| a | 0.3 ± 0.1 | 2 |\n"
    text += "| b (leaked) | 0.9 | 0 |\n| c | 0.5 [0.4, 0.6] | 3 |\n"
    (table,) = parse_markdown(text)
    assert isinstance(table, Table)
    assert table.best == {(2, 1), (0, 2)}
    assert [row.mark for row in table.rows] == ["", "leaked", ""]
    assert table.numeric == (False, True, True)


def test_in_the_audit_all_rows_but_the_first_are_marked():
    text = (
        "| what is reported | KT cifar10 |\n|:--|--:|\n| last epoch | 0.3 |\n| best seed | 0.5 |\n"
        "| authors' own dump | 0.4 |\n"
    )
    (table,) = parse_markdown(text)
    assert isinstance(table, Table)
    assert [row.mark for row in table.rows] == ["", "leaked", "unrecorded"] and not table.best


def test_what_stands_around_a_table_is_kept_and_its_html_is_not_run():
    blocks = parse_markdown("**Title**\n\n| a |\n|:--|\n| <script>x</script> |\n\nA note.\n")
    title, table, note = blocks
    assert "<strong>Title</strong>" in title and "A note." in note
    assert isinstance(table, Table)
    assert table.rows[0].entries[0].html == "&lt;script&gt;x&lt;/script&gt;"


def test_ranks_are_means_over_seeds_and_equal_scores_share_theirs():
    scores = np.array([[3.0, 2.0, 2.0, np.nan], [1.0, 2.0, 3.0, np.nan]])
    np.testing.assert_array_equal(mean_ranks(scores), [2.0, 2.25, 1.75, np.nan])


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("listing", ["ranking", "darts"])
def test_every_caption_renders(caption, listing):
    text = render_caption(caption, CONFIG | {"demo": DEMO["demo"]}, {"listing": listing}, PARAMS)
    assert text.startswith("<p>") and "{{" not in text and "  " not in text.strip()


def test_a_caption_that_quotes_what_there_is_not_is_refused(tmp_path):
    path = tmp_path / "caption.rst"
    path.write_text("Of {{ snakemake.config['seedz'] }} seeds.")
    with pytest.raises(ConfigError, match=r"caption\.rst.*seedz"):
        render_caption(path, CONFIG, {}, {})


def ranking_rule() -> SimpleNamespace:
    """Return of a rule what is asked of it: outputs, one with a caption, and params."""
    caption = LocalSourceFile(str(ROOT / "workflow" / "report" / "search.rst"))
    output = IOFile(report("results/{listing}.csv", caption=caption))
    return SimpleNamespace(
        output=[IOFile("results/{listing}.md"), output], params={"top": 3, "a": 1}
    )


def test_a_result_is_found_by_the_rule_that_makes_it():
    found = captioned_results([ranking_rule()], ["results/darts.csv"], ROOT)
    assert found == {
        "results/darts.csv": {
            "caption": "workflow/report/search.rst",
            "wildcards": {"listing": "darts"},
            "params": {"top": 3},  # the caption quotes no other
        }
    }


def test_a_result_without_a_caption_is_refused():
    with pytest.raises(ConfigError, match=r"no rule makes 'results/darts\.md' with a caption"):
        captioned_results([ranking_rule()], ["results/darts.md"], ROOT)


def test_every_method_has_its_card(page_file):
    text = page_file.read_text()
    for family in (PREDICTORS, SEARCHERS, GRAPH_PROXIES, NETWORK_PROXIES):
        for name in family.names():
            assert f'<p class="id"><code>{name}</code>' in text


def test_titles_are_text_and_no_markup(page_file):
    text = page_file.read_text()
    assert "#params &lt;&amp; no more&gt;" in text and "<& no more>" not in text
    assert "&lt;b&gt;depth&lt;/b&gt;" in text


# How it opens.


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_opens_without_error_request_or_overflow(browser, page_file, width, scheme):
    opened = Opened(browser, page_file, width, scheme)
    opened.page.wait_for_selector(".picture svg", state="attached")
    size = "[document.scrollingElement.scrollWidth, innerWidth]"
    scrolled, inner = opened.page.evaluate(size)
    assert not opened.said and not opened.outside()
    assert scrolled <= inner == width
    opened.page.close()


CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(svg *):not(option):not(script)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(":disabled")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([ratio, element.tagName + "." + element.className]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_stands_out_from_its_ground(browser, page_file, scheme):
    opened = Opened(browser, page_file, 1280, scheme)
    found = opened.page.evaluate(CONTRASTS)
    opened.page.close()
    assert len(found) > 200
    assert not [(round(ratio, 1), what) for ratio, what in found if ratio < 4.5]


def test_the_dark_scheme_is_dark(browser, page_file):
    grounds = []
    for scheme in SCHEMES:
        opened = Opened(browser, page_file, 1280, scheme)
        colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds.append(sum(map(int, re.findall(r"\d+", colour)[:3])))
        opened.page.close()
    assert grounds[0] > 700 and grounds[1] < 100


def test_contents_name_every_part_and_lead_to_it(page):
    links = page.locator(".contents a").evaluate_all("all => all.map(a => a.hash.slice(1))")
    parts = page.locator("section").evaluate_all("all => all.map(section => section.id)")
    assert links == ["summary", *parts]
    assert {"claims", "ranking", "search", "architectures", "methods", "provenance"} <= set(parts)
    page.click('.contents a[href="#provenance"]')
    page.wait_for_selector('.contents a[href="#provenance"][aria-current]')


def test_at_390_pixels_contents_are_folded_until_asked_for(browser, page_file):
    opened = Opened(browser, page_file, 390, "light")
    link = opened.page.locator('.contents a[href="#methods"]')
    assert not link.is_visible()
    opened.page.click(".contents summary")
    link.click()
    link.wait_for(state="hidden")
    opened.page.close()


def test_a_table_can_be_taken_away_in_full_precision(page, page_file):
    with page.expect_download() as found:
        page.click('a[download="ranking.csv"]')
    assert (
        found.value.path().read_bytes()
        == (page_file.parent / "tables" / "ranking.csv").read_bytes()
    )


def test_without_nasbench201_the_page_has_no_architectures_and_no_error(browser, tmp_path):
    opened = Opened(browser, render(tmp_path, with_benchmark=False), 1280, "light")
    assert opened.page.locator("#architectures").count() == 0
    assert opened.page.locator("#ranking table").count() == 4
    assert not opened.said
    opened.page.close()


# The table of architectures.


def test_all_architectures_are_sorted_by_accuracy_at_first(page):
    accuracies = made_benchmark().accuracy(dataset="cifar10", split="test", epochs=200)
    highest = np.sort(accuracies)[::-1][:22]
    assert column(page, 3) == [f"{value:.2f}" for value in highest]
    assert page.inner_text(".found output") == "15,625 of 15,625"


def test_a_column_sorts_both_ways(page):
    accuracies = made_benchmark().accuracy(dataset="cifar100", split="test", epochs=200)
    header = page.locator(".listing thead button", has_text="CIFAR-100")
    header.click()
    assert column(page, 4)[0] == f"{accuracies.max():.2f}"
    header.click()
    assert column(page, 4)[0] == f"{accuracies.min():.2f}"
    assert header.locator("..").get_attribute("aria-sort") == "ascending"


def test_operators_filter(page):
    page.select_option('[data-edge="0"]', label="skip")
    page.select_option('[data-edge="5"]', label="avg pool")
    assert page.inner_text(".found output") == "625 of 15,625"
    glyphs = [text.split() for text in column(page, 2)]
    assert all("".join(glyph)[0] == "s" and "".join(glyph)[-1] == "p" for glyph in glyphs)
    page.click(".filters button[type=reset]")
    page.locator(".found output", has_text="15,625 of 15,625").wait_for()


def test_live_patterns_are_as_many_as_the_space_has(page):
    page.check(".distinct")
    assert page.inner_text(".found output") == "9,445 of 15,625"


def test_pages_turn_and_end(page):
    page.click(".pager .next")
    assert column(page, 1)[0] == "23"
    page.fill(".pager input", "9999")
    page.press(".pager input", "Enter")
    assert column(page, 1)[-1] == "15,625"
    assert page.locator(".pager .next").is_disabled()


def test_a_chosen_row_draws_its_cell(page):
    benchmark = made_benchmark()
    accuracies = benchmark.accuracy(dataset="cifar10", split="test", epochs=200)
    third = benchmark.strings[np.argsort(-accuracies, kind="stable")[2]]
    page.locator(".listing tbody tr").nth(2).click()
    page.mouse.move(0, 0)
    assert page.inner_text(".cell figcaption code") == third
    assert drawn_operators(page) == spelled(third)
    assert page.locator(".listing tbody tr[aria-selected=true]").count() == 1


def test_pointing_at_a_row_draws_its_cell_for_the_moment(page):
    before = page.inner_text(".cell figcaption code")
    page.locator(".listing tbody tr").nth(4).hover()
    assert page.inner_text(".cell figcaption code") != before
    page.mouse.move(5, 5)
    assert page.inner_text(".cell figcaption code") == before


def test_keys_walk_the_rows(page):
    rows = page.locator(".listing tbody tr")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.inner_text(".cell figcaption code") == rows.nth(1).locator(".glyph").get_attribute(
        "title"
    )
    page.keyboard.press("Enter")
    assert rows.nth(1).get_attribute("aria-selected") == "true"


def test_dead_edges_are_drawn_as_such(page):
    benchmark = made_benchmark()
    live = live_vertices(benchmark.architectures.cells)[:, 1:-1]
    given = benchmark.architectures.cells.operators[:, 1:-1] != CODES["zero"]
    with_dead = np.flatnonzero((given & ~live).any(axis=1))
    for row in np.random.default_rng(0).choice(with_dead, 8, replace=False):
        choose(page, benchmark.strings[row])
        dead = page.locator(".picture .edge.dead").evaluate_all(
            "edges => edges.map(edge => Number(edge.dataset.edge))"
        )
        assert dead == np.flatnonzero(given[row] & ~live[row]).tolist()


def test_a_text_that_is_no_architecture_is_called_so(page):
    page.fill(".wanted", FOUND.replace("none", "nothing"))
    assert page.inner_text(".found output") == "no architecture of this space"


def test_ranks_of_a_method_are_a_column_when_asked_for(page):
    assert page.locator(".listing th.leaked").count() == 0
    page.get_by_role("checkbox", name="epoch chosen (leaked)").check()
    header = page.locator(".listing th.leaked button")
    header.click()
    ranks = [int(text.replace(",", "")) for text in column(page, 8)]
    assert ranks == sorted(ranks) and ranks[0] < 400


def test_an_architecture_in_another_table_leads_to_its_cell(page):
    page.click("#final_training .jump")
    assert drawn_operators(page) == spelled(FOUND)


def test_a_point_of_the_map_leads_to_its_cell(page):
    before = page.inner_text(".cell figcaption code")
    page.locator(".map canvas").click(position={"x": 40, "y": 200})
    page.mouse.move(0, 0)
    assert page.inner_text(".cell figcaption code") != before


# The whole chain.


@pytest.mark.slow
def test_the_page_of_a_run_shows_all_its_tables_and_figures(browser, finished):
    results = finished.folder / "results" / "smoke"
    assert (results / "report.html").stat().st_size < 6e6
    opened = Opened(browser, results / "report.html", 1280, "light")
    # What `make proxies` and `make paper` make in the same folder.
    beside = {"proxies", "proxies_stored", "speed", "cost", "independence"}
    beside |= {"headline", "headline_search"}
    tables = {path.stem for path in (results / "tables").glob("*.md")} - beside
    figures = {path.stem for path in (results / "figures").glob("*.png")} - beside
    page = opened.page
    ids = page.locator(".result, .drawing").evaluate_all("all => all.map(each => each.id)")
    assert {"ranking", "claims", "search"} <= tables and "rank_correlations" in figures
    assert {f"table-{t}" for t in tables} | {f"figure-{f}" for f in figures} <= set(ids)
    benchmark = open_benchmark(finished.folder / "results" / "benchmarks" / "nasbench201.arrow")
    accuracies = benchmark.accuracy(dataset="cifar10", split="test", epochs=200)
    assert column(page, 3)[0] == f"{accuracies.max():.2f}"
    assert drawn_operators(page) == spelled(benchmark.strings[accuracies.argmax()])
    assert not opened.said and not opened.outside()
    page.close()
