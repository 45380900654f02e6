"""The page: what it says, and how it opens, sorts, filters and draws in a real browser."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import script
from matplotlib.figure import Figure
from playwright.sync_api import Browser, Page, sync_playwright

from tgnas.benchmarks.base import Benchmark, build_table, open_benchmark, write_table
from tgnas.encodings.live import live_vertices
from tgnas.errors import ConfigError, UnknownNameError
from tgnas.methods.not_reached import not_reached
from tgnas.operators import CODES
from tgnas.page.explorer import mean_ranks
from tgnas.page.html import entry_html, prose
from tgnas.page.summary import of_any_run, summary
from tgnas.registry import (
    GENERATORS,
    GRAPH_PROXIES,
    NETWORK_PROXIES,
    PREDICTORS,
    RESULTS,
    SEARCHERS,
    SUPERNETS,
)
from tgnas.results import claims, ranking, search
from tgnas.results._catalogue import Plan, caption, catalogue, section, title, wanted
from tgnas.results._style import save
from tgnas.results._tables import Number
from tgnas.scoring.tables import write_scores
from tgnas.spaces.nasbench201 import SPACE
from tgnas.workflow.config.checks import read_config
from tgnas.workflow.provenance import environment
from tgnas.workflow.sheet import read_methods

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
DEMO = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
LABEL = CONFIG["ranking"]["nasbench201"]
REPORTED = ROOT / "config/reported.csv"
NAMES = CONFIG["headline"]
METHODS = [
    {"name": "tgnas_code", "title": "the published one", "family": "predictor"},
    {"name": "tgnas_code_leaked", "title": "epoch chosen (leaked)", "family": "leaked"},
    {"name": "params", "title": "#params <& no more>", "family": "proxy"},
    {"name": "tgnas_canonical", "title": "ours", "family": "predictor"},
    {"name": NAMES["joined"], "title": "ours, joined", "family": "ensemble"},
]
TITLES = {method["name"]: method["title"] for method in METHODS}
FAMILIES = {method["name"]: method["family"] for method in METHODS}
FOUND = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
WIDTHS, SCHEMES = (1280, 390), ("light", "dark")


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
         "low": 0.2, "high": 0.6, "architectures": 9445 if population == "unique" else 15625}
        for place, method in enumerate(METHODS)
        for seed in range(2)
        for dataset in LABEL["datasets"]
        for population, subset in (("all", "all"), ("all", "top"), ("unique", "all"))
        for measure in ("kendall_tau", "spearman_rho", "precision_at_100", "regret_at_100",
                        "rank_at_100")
    ]  # fmt: skip
    others = pd.read_csv(REPORTED), pd.read_csv(ROOT / "config/earlier.csv")
    return ranking.table(pd.DataFrame(rows), TITLES, FAMILIES, *others)


def search_table() -> pd.DataFrame:
    """Return the table of one search, as the workflow makes it."""
    shared = {"scorer": "tgnas_code", "searcher": "hybrid", "architecture": FOUND, "seed": 0}
    counts = {"queries": 10.0, "distinct": 9, "seconds": 0.5}
    columns = {name: 90.0 for d in LABEL["datasets"] for name in (d, f"{d} top")}
    incumbents = pd.DataFrame([shared | counts | columns | {"run": run} for run in range(2)])
    return search.table(incumbents, LABEL["datasets"], pd.read_csv(REPORTED))


def write_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Write tables, a figure and the provenance; return module and parameters of each."""
    (folder / "tables").mkdir()
    ranks, searches = ranking_table(), search_table()
    settings = {k: CONFIG["ranking"][k] for k in ("top_share", "at", "resamples", "level")}
    about = {"target": "NAS-Bench-201", "about": "", "seeds": 2, "resamples": 200, "quoted": ""}
    measured = {"families": FAMILIES, "ranking": settings | LABEL}
    trained = {"architecture": FOUND, "epochs": 5, "test_accuracy": 90.0}
    variant = {"base": "b", "axis": "<b>depth</b>", "value": "1", "dataset": "cifar10"}
    variant |= {"measure": "kendall_tau", "mean": 0.5, "std": 0.1, "seeds": 2, "cells": 9}
    budget = {"budget": "cells 9", "seeds": 2, "titles": {}}
    searched = {"datasets": LABEL["datasets"], "top": 10, "titles": TITLES}
    tables = {
        "ranking_nasbench201": (ranks, "ranking", about | measured),
        "search": (searches, "search", searched),
        "claims": (
            claims.table(ranks, searches, pd.read_csv(REPORTED)),
            "claims",
            {"titles": TITLES},
        ),
        "final_training": (pd.DataFrame([trained]), "final_training", {}),
        "ablations": (pd.DataFrame([variant]).assign(seconds=1.0), "ablations", budget),
    }
    results = {}
    for stem, (table, name, params) in tables.items():
        file = folder / "tables" / f"{stem}.csv"
        table.to_csv(file, index=False)
        results[str(file)] = {"name": name, "values": params}
    figure = Figure()
    figure.subplots().plot([0, 1])
    file = folder / "predictions_nasbench201.png"
    save(figure, file)
    drawn = {"target": "NAS-Bench-201", "title": "T", "seed": 0, "sources": "NAS-Bench-101"}
    drawn |= {"labels": {"split": "test", "epochs": 200}}
    results[str(file)] = {"name": "predictions", "values": drawn}
    facts = {
        "environment": environment(),
        "embedding": {"model": "all-MiniLM-L6-v2", "weights_sha256": "0" * 64, "components": 0},
        "seconds": {"train": {"jobs": 2, "seconds": 5000.0, "longest": 2500.0, "peak_mib": 700.5}},
        "config": CONFIG,
    }
    (folder / "provenance.json").write_text(json.dumps(facts))
    return results


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
        published={"cells": 10_000, "epochs": 4},
        names=NAMES,
        label=LABEL,
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


def test_a_run_without_nasbench201_says_what_came_out_of_it():
    ranks = ranking_table().assign(architectures=1000)
    find = pd.DataFrame([
        {"queries": 15625, "epochs": 6, "seeds": 2, "test_accuracy": 92.75, "place": 582,
         "among": 1001, "median_accuracy": 93.3}
    ])  # fmt: skip
    first, last = of_any_run({"digits-bench": ranks}, find, 3, 2)
    assert first.startswith(
        "On digits-bench, ours, joined orders the 1,000 architectures best of 5"
    )
    assert "0.705 ± 0.007" in first and "#params <& no more> alone has 0.505 ± 0.007" in first
    assert "15,625" in last and "92.75 %" in last and "place 582 among 1,001" in last
    assert of_any_run({}, None, 3, 2) == [
        "3 tables and 2 figures, none of which ranks a benchmark."
    ]


def test_the_page_of_a_demo_says_that_it_is_one(tmp_path):
    results = write_results(tmp_path)
    kept = {file: row for file, row in results.items() if not file.endswith("search.csv")}
    provenance = tmp_path / "provenance.json"
    facts = json.loads(provenance.read_text())
    provenance.write_text(json.dumps(facts | {"config": DEMO}))
    script("render_report")(
        provenance=provenance, resources=ROOT / "config/resources.tsv", benchmarks=[], scores=[],
        page=tmp_path / "report.html", results=kept, methods=[], published={}, names=NAMES,
        label=LABEL,
    )  # fmt: skip
    text = (tmp_path / "report.html").read_text()
    assert "<title>TG-NAS, reproduced in a demo</title>" in text
    assert "<li>On NAS-Bench-201, ours, joined orders the 15,625 architectures best" in text


def test_figures_can_be_read_on_a_phone_and_in_the_dark(page_file, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page.goto(page_file.as_uri())
    figure = page.locator(".drawing img").first
    natural = figure.evaluate("image => 0.45 * image.naturalWidth")
    assert figure.bounding_box()["width"] >= min(640, natural) - 1
    assert "invert" in figure.evaluate("image => getComputedStyle(image).filter")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_sentences_quote_the_tables():
    trained = {"cells": 10_000, "epochs": 4}
    sentences, tiles = summary(
        ranking_table(), search_table(), NAMES, trained, LABEL["datasets"][0]
    )
    assert "10,000 cells" in sentences[0] and "0.305 ± 0.007" in sentences[0]
    assert "#params <& no more> alone has 0.505" in sentences[0]
    assert "0.405 ± 0.007 instead (+0.100)" in sentences[1]
    assert "has 0.605 ± 0.007 (ours, joined: 0.705 ± 0.007)" in sentences[2]
    assert "90.00 ± 0.00 %" in sentences[2]
    assert "93.75 % are reported" in sentences[2]
    assert [tile.number.text for tile in tiles] == ["0.305", "0.405", "0.505", "0.605"]


def test_a_run_without_the_published_predictor_has_no_sentence_on_it():
    ranks, searches = ranking_table(), search_table()
    ranks = ranks[ranks.method != "tgnas_code"]
    searches = searches[searches.scorer != "tgnas_code"]
    sentences, tiles = summary(ranks, searches, NAMES, {}, LABEL["datasets"][0])
    assert len(sentences) == 1 and sentences[0].startswith("Our graph network")
    assert [tile.kind for tile in tiles] == ["leaked", "baseline", "ours"]


def test_a_number_its_spread_and_its_interval_are_styled_apart():
    html = entry_html(Number(-0.5, std=0.1, interval=(-0.6, -0.4)), {})
    spans = re.findall('<span class="([a-z ]+)">([^<]*)<', html)
    minus = "\N{MINUS SIGN}"
    interval = f"[{minus}0.600, {minus}0.400]"
    assert spans == [
        ("value", f"{minus}0.500"),
        ("spread", " ± 0.100"),
        ("rest interval", interval),
    ]


def test_a_difference_has_a_bar():
    assert 'class="gap below" style="--share: 0.500"' in entry_html(Number(-2.5, bar=-0.5), {})


def test_html_in_an_entry_or_a_note_is_text():
    assert entry_html("<script>x</script>", {}) == "&lt;script&gt;x&lt;/script&gt;"
    assert prose("A <b>note</b>.") == "<p>A &lt;b&gt;note&lt;/b&gt;.</p>\n"


def test_ranks_are_means_over_seeds_and_equal_scores_share_theirs():
    scores = np.array([[3.0, 2.0, 2.0, np.nan], [1.0, 2.0, 3.0, np.nan]])
    np.testing.assert_array_equal(mean_ranks(scores), [2.0, 2.25, 1.75, np.nan])


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Return what is known of a run of the full config with the demo's section."""
    config = CONFIG | {"demo": DEMO["demo"]}
    for key in ("predictors", "ensembles", "ranking", "training", "experiments"):
        config[key] = config[key] | DEMO[key]
    checked = read_config(config)
    sheets = config["experiments"].items()
    methods = {target: read_methods(ROOT / file, checked, target) for target, file in sheets}
    samples = {
        f"{s['benchmark']}_sample": s | {"inputs": "cifar10"} for s in config["proxies"]["samples"]
    }
    return Plan(checked, methods, [], samples, lambda sample: [f"{sample}/a.parquet"])


@pytest.mark.parametrize("name", RESULTS.names())
def test_every_result_says_what_it_is_and_shows(name, plan):
    of = [result for result in catalogue(plan).values() if result.name == name]
    assert of
    for result in of:
        params = result.params(plan)
        json.dumps(params)
        for kind in ("table", "figure"):
            if result.makes(kind):
                assert result.inputs(plan, kind)
                assert title(result.module, params, kind)
                assert caption(result.module, params, kind).endswith((".", "tables."))
        assert section(result.module, params)


@pytest.mark.parametrize(
    ("result", "kind", "said"),
    [
        ("ranking_digits201", "table", ("1,000", "digits-bench", "6 epochs")),
        ("ranking_nasbench_graph", "table", ("26,206", "NAS-Bench-Graph", "unstated epochs")),
        ("digits_search", "table", ("1,000", "digits-bench", "6 epochs")),
        ("digits_search", "figure", ("1,000", "digits-bench", "6 epochs")),
        ("predictions_digits201", "figure", ("digits-bench", "the NAS-Bench-101 cells of")),
    ],
)
def test_the_demos_captions_name_its_benchmarks_sizes_and_epochs(plan, result, kind, said):
    of = catalogue(plan)[result]
    text = caption(of.module, of.params(plan), kind)
    assert [word for word in said if word not in text] == []
    assert "200 epochs" not in text


def test_an_unknown_table_is_answered_with_the_nearest_one(plan):
    misspelled = replace(plan, config=plan.config.model_copy(update={"tables": ("searhc",)}))
    with pytest.raises(UnknownNameError, match=r"entry of tables 'searhc' \(did you mean 'search'"):
        wanted(misspelled, "table")


def test_all_tables_are_wanted_where_the_config_names_none(plan):
    assert {"search", "ranking_nasbench201", "audit"} <= set(wanted(plan, "table"))
    assert wanted(
        replace(plan, config=plan.config.model_copy(update={"tables": ("audit",)})), "table"
    ) == ["audit"]


def test_names_of_results_import_nothing_heavy():
    code = "import sys; from tgnas.registry import RESULTS; RESULTS.names(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "matplotlib", "torch"} & set(done.stdout.split())


def test_a_caption_that_quotes_what_there_is_not_is_refused():
    with pytest.raises(ConfigError, match=r"results\.audit: CAPTION quotes what .*title"):
        caption(RESULTS.module("audit"), {}, "table")


def test_every_method_has_its_card(page_file):
    text = page_file.read_text()
    for family in (PREDICTORS, SEARCHERS, GRAPH_PROXIES, NETWORK_PROXIES, SUPERNETS, GENERATORS):
        for name in family.names():
            assert f'<p class="id"><code>{name}</code>' in text
    (collapse,) = not_reached(SUPERNETS, "darts")
    assert collapse in text


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
    assert {"search", "architectures", "methods", "provenance"} <= set(parts)
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
        page.click('a[download="ranking_nasbench201.csv"]')
    assert (
        found.value.path().read_bytes()
        == (page_file.parent / "tables" / "ranking_nasbench201.csv").read_bytes()
    )


def test_without_nasbench201_the_page_has_no_architectures_and_no_error(browser, tmp_path):
    opened = Opened(browser, render(tmp_path, with_benchmark=False), 1280, "light")
    assert opened.page.locator("#architectures").count() == 0
    assert opened.page.locator("#ranking-nas-bench-201 table").count() == 4
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
    page.click("#table-final_training .jump")
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
    assert (results / "report.html").stat().st_size < 7e6
    opened = Opened(browser, results / "report.html", 1280, "light")
    # What `make proxies` and `make paper` make in the same folder, and what others are made of.
    beside = {"proxies", "proxies_stored", "speed", "cost", "independence"}
    beside |= {"headline", "headline_search", "headline_zero_shot", "conclusions"}
    beside |= {"incumbents", "jpeg_trainings"}
    tables = {path.stem for path in (results / "tables").glob("*.md")} - beside
    figures = {path.stem for path in (results / "figures").glob("*.png")} - beside
    page = opened.page
    ids = page.locator(".result, .drawing").evaluate_all("all => all.map(each => each.id)")
    assert {"ranking_nasbench201", "claims", "search"} <= tables
    assert "ranking_nasbench201" in figures
    assert {f"table-{t}" for t in tables} | {f"figure-{f}" for f in figures} <= set(ids)
    benchmark = open_benchmark(finished.folder / "results" / "benchmarks" / "nasbench201.arrow")
    accuracies = benchmark.accuracy(dataset="cifar10", split="test", epochs=200)
    assert column(page, 3)[0] == f"{accuracies.max():.2f}"
    assert drawn_operators(page) == spelled(benchmark.strings[accuracies.argmax()])
    assert not opened.said and not opened.outside()
    page.close()
