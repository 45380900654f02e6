"""The whole chain on a real slice, what a second run does, and what a change re-runs."""

import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import Project
from test_pretrained import check_card
from test_site import TABLES, columns_of, result_of

from tgnas.benchmarks.base import open_benchmark
from tgnas.inference.pretrained import load_pretrained
from tgnas.registry import RESULTS

SHIPPED = {"canonical": "nasbench201", "code": "nasbench201", "darts": "nasbench301"}
CHOSEN, LEADING = "short_three_distilled_complexity", "auxiliary_norm_none_epochs_30"
TOP = "auxiliary_two_configurations_parameters_25"
# The methods on NAS-Bench-201, a line each, and where one of them stands below the header.
CONFIG = Path(__file__).parents[1] / "config"
SHEET = (CONFIG / "experiments_smoke.tsv").read_text().splitlines()[1:]
DARTS_SHEET = (CONFIG / "experiments_darts_smoke.tsv").read_text().splitlines()
FLOPS_LINE = 2 + next(place for place, line in enumerate(SHEET) if line.startswith("flops\t"))
SEEDED = "results/smoke/predictors/tgnas_code/seed0"


@pytest.mark.slow
def test_the_whole_chain_runs_on_a_real_slice(project: Project):
    tables = project.folder / "results/smoke/tables"
    ranking = pd.read_csv(tables / "ranking_nasbench201.csv")
    kendall = ranking[(ranking.measure == "kendall_tau") & (ranking.subset == "all")]
    assert kendall.groupby("method").ngroups == len(SHEET)
    assert set(kendall.architectures) == {15625, 9445}
    result = project.folder / "results/smoke/final_training/short/result.json"
    trained = json.loads(result.read_text())
    assert trained["label"] == "short CPU run" or "GPU" in trained["label"]


@pytest.mark.slow
def test_the_authors_dump_gives_the_known_correlations(project: Project):
    # The known ones are against the dump's own accuracies, another mean over training seeds.
    claims = pd.read_csv(project.folder / "results/smoke/tables/claims.csv")
    dump = claims[claims.method == "authors_dump"]
    assert list(dump.reproduced) == pytest.approx([0.484, 0.682, 0.080], abs=0.01)


@pytest.mark.slow
def test_trivial_baselines_give_the_known_correlations(project: Project):
    claims = pd.read_csv(project.folder / "results/smoke/tables/claims.csv")
    counted = claims[claims.method.isin(["params", "effective_params"])]
    assert len(counted) == 12
    assert (counted.difference.abs() < 0.005).all()


@pytest.mark.slow
def test_searches_stand_in_the_table_with_their_ceiling_and_what_others_published(
    project: Project,
):
    search = pd.read_csv(project.folder / "results/smoke/tables/search.csv")
    exhaustive = search[search.searcher == "exhaustive"].set_index("scorer")["cifar10 mean"]
    assert exhaustive["oracle_cifar10"] == pytest.approx(94.3733, abs=1e-3)
    assert exhaustive["params"] == pytest.approx(93.76, abs=0.01)
    assert (search.scorer == "published").sum() == 3


@pytest.mark.slow
def test_incumbents_keep_their_constraints(project: Project):
    constrained = pd.read_csv(project.folder / "results/smoke/tables/constraints.csv")
    assert set(constrained.cost) == {"parameters", "flops", "edgegpu_latency"}
    assert (constrained.kept == 1).all()


@pytest.mark.slow
def test_short_trainings_and_jpegs_are_tabulated(project: Project):
    tables = project.folder / "results/smoke/tables"
    short = pd.read_csv(tables / "short_trainings.csv")
    assert short.tabular_accuracy.is_monotonic_increasing
    assert (short.train_images == 100).all()
    jpeg = pd.read_csv(tables / "jpeg.csv").set_index(["trained_on", "tested_on"])
    assert jpeg.loc["lossless", "lossless"].lost == 0
    assert (jpeg.pairs == 3).all()


@pytest.mark.slow
def test_the_whole_recipes_are_no_part_of_all(project: Project):
    before = project.planned("--forceall")
    planned = project.planned("train_darts", "train_nasbench201")
    assert planned["train_architecture"] == planned["draw"] == 2
    assert before["train_architecture"] == 1


@pytest.mark.slow
def test_a_genotype_is_searched_and_drawn(project: Project):
    table = pd.read_csv(project.folder / "results/smoke/tables/darts_search.csv")
    assert table.architecture.str.startswith("Genotype(normal=").all()
    assert (project.folder / "results/smoke/figures/genotype.png").exists()


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(project: Project):
    assert not project.planned()
    assert "Nothing to be done" in project.run().stdout


@pytest.mark.slow
def test_touching_one_method_reruns_only_its_jobs(project: Project):
    with project.edit(
        "src/tgnas/methods/graph_proxies/flops.py", "return count", "return 2 * count"
    ):
        planned = project.planned()
    assert planned.pop("score_with_graph_proxy") == planned.pop("measure_ranking") == 1
    # The ranking, the claims, the headline, the differences and what they say; no table of searches
    # but the headline's.
    assert planned["tabulate"] == 6
    assert planned.keys() <= {
        "tabulate",
        "draw",
        "record_provenance",
        "render_report",
        "all",
        "total",
    }


@pytest.mark.slow
def test_a_comment_reruns_nothing(project: Project):
    with project.edit("src/tgnas/methods/graph_proxies/flops.py", '"""Multiply', '"""All multiply'):
        assert not project.planned()


@pytest.mark.slow
def test_touching_the_network_reruns_training_and_what_follows(project: Project):
    with project.edit("src/tgnas/methods/predictors/_gcn.py", "(-0.05, 0.05", "(-0.04, 0.04"):
        planned = project.planned()
    predictors = sum("\tpredictor\t" in line for line in SHEET)
    # Seeds; that for DARTS, the parts in isolation and the embedders are further ones.
    assert planned["train_predictor"] == 2 * (predictors + 7)
    genotypes = sum("\tpredictor\t" in line for line in DARTS_SHEET)
    assert planned["score_with_predictor"] == predictors + genotypes + 6  # the same further ones
    assert not {"build_benchmark", "embed_operators", "score_with_graph_proxy"} & set(planned)


@pytest.mark.slow
def test_a_changed_config_value_reruns_what_depends_on_it(project: Project):
    with project.edit("config/smoke.yaml", "resamples: 20", "resamples: 21"):
        planned = project.planned()
    # Of NAS-Bench-201, of NAS-Bench-301, and of what the package's weights rank.
    assert planned["measure_ranking"] == 3
    assert not {"train_predictor", "score_with_predictor", "search"} & set(planned)


@pytest.mark.slow
def test_another_embedding_retrains_only_the_predictor_that_names_it(project: Project):
    base = "distil_from: zen}"
    target = "results/smoke/scores/nasbench201/tgnas_distilled_zen.parquet"
    with project.edit("config/config.yaml", base, "distil_from: zen, embedding: one_hot}"):
        planned = project.planned("--", target)
    del planned["total"]
    assert planned == {"train_predictor": 2, "score_with_predictor": 1}


@pytest.mark.slow
def test_the_universal_predictor_waits_for_the_proxies_that_it_is_distilled_from(project: Project):
    planned = project.planned("--", "results/smoke/predictors/tgnas_universal/seed0/history.csv")
    assert planned["draw_population"] == 1
    assert planned["score_with_network_proxy"] == 3
    assert planned["train_predictor"] == 1


@pytest.mark.slow
def test_our_own_configurations_are_chosen_on_development_targets_alone(project: Project):
    selection = pd.read_csv(project.folder / "results/smoke/tables/selection.csv")
    assert set(selection.candidate) == {"start", LEADING, "distilled_zen", CHOSEN, TOP}
    assert set(selection[selection.chosen].candidate) == {LEADING, CHOSEN, TOP}
    assert list(selection.columns[-7:]) == [
        "unseen_conv_3x3", "unseen_conv_1x1", "unseen_max_pool_3x3", "larger", "deeper",
        "input_feeds_output", "nasbench_macro",
    ]  # fmt: skip
    audit = pd.read_csv(project.folder / "results/smoke/tables/audit.csv")
    assert set(audit.dataset) == {"cifar10", "cifar100", "ImageNet16-120"}


@pytest.mark.slow
def test_ensembles_have_the_seeds_of_their_members_or_one(project: Project):
    ranking = pd.read_csv(project.folder / "results/smoke/tables/ranking_nasbench201.csv")
    seeds = ranking.groupby("method").seeds.max()
    assert seeds["canonical_effective_params"] == seeds["tgnas_canonical"] == 2
    assert seeds["canonical_ensemble"] == seeds["complexity_baseline"] == 1


@pytest.mark.slow
def test_genotypes_are_ranked_by_predictors_and_by_what_is_stored(project: Project):
    darts = pd.read_csv(project.folder / "results/smoke/tables/ranking_nasbench301.csv")
    whole = darts[(darts.population == "all") & (darts.subset == "all")]
    taus = whole[whole.measure == "kendall_tau"].set_index("method")["mean"]
    assert {"tgnas_darts", "tgnas_canonical", "params", "flops", "synflow"} <= set(taus.index)
    assert taus["params"] == pytest.approx(0.362, abs=0.001)
    assert set(whole.architectures) == {1218, 725}  # NASWOT is stored for 725


@pytest.mark.slow
def test_each_ablation_varies_one_value(project: Project):
    ablations = pd.read_csv(project.folder / "results/smoke/tables/ablations.csv")
    found = set(zip(ablations.axis, ablations.value.astype(str), strict=True))
    assert found == {("embedder", "minilm_short"), ("embedder", "one_hot"), ("depth", "1")}
    assert (ablations.seeds == 2).all()


@pytest.mark.slow
def test_what_is_shipped_gives_the_measures_of_its_card(project: Project):
    weights = project.folder / "results/smoke/weights"
    done = project.run("--", *(f"results/smoke/weights/{n}.safetensors" for n in SHIPPED))
    assert done.returncode == 0, done.stdout
    for name, space in SHIPPED.items():
        found = load_pretrained(name, weights)
        target = open_benchmark(project.folder / f"results/benchmarks/{space}.arrow")
        check_card(found, target)


@pytest.mark.slow
def test_a_new_method_is_one_file_and_one_line(project: Project):
    code = (project.folder / "src/tgnas/methods/graph_proxies/random.py").read_text()
    new = project.folder / "src/tgnas/methods/graph_proxies/shuffled.py"
    new.write_text(code)
    line = "random\tproxy\tseeds\trandom score\n"
    with project.edit(
        "config/experiments_smoke.tsv", line, line + line.replace("random", "shuffled")
    ):
        planned = project.planned()
    new.unlink()
    assert planned["score_with_graph_proxy"] == planned["measure_ranking"] == 1
    assert not {"train_predictor", "search", "score_with_ensemble"} & set(planned)


@pytest.fixture(scope="module")
def compared(project: Project) -> Project:
    """Run the comparison of proxies, which is no part of the whole chain, on its small sample."""
    done = project.run("--verbose", "--", "proxies")
    assert done.returncode == 0, done.stdout
    (project.folder / "proxies.log").write_text(done.stdout)
    return project


@pytest.mark.slow
def test_jobs_are_selected_once_for_each_that_ends(compared: Project):
    said = (compared.folder / "proxies.log").read_text()
    ended = said.count("Finished jobid:")
    assert ended > 10
    assert said.count("Ready jobs:") <= ended + 1


@pytest.mark.slow
def test_proxies_stand_beside_tgnas_and_trivial_baselines(compared: Project):
    tables = compared.folder / "results/smoke/tables"
    summary = pd.read_csv(tables / "proxies.csv")
    assert set(summary.method) == {
        "tgnas_code", "effective_params", "params", "az_nas", "synflow", "te_nas", "zen",
    }  # fmt: skip
    assert set(summary.dataset) == {"cifar10", "cifar100", "ImageNet16-120"}
    assert (summary.milliseconds > 0).all()
    speed = pd.read_csv(tables / "speed.csv").set_index("method")
    assert speed.loc["tgnas_code", ["embedding", "training", "loading"]].min() > 0
    stored = pd.read_csv(tables / "proxies_stored.csv").set_index(["source", "column"])
    assert stored.loc[("NAS-Bench-Suite-Zero", "params"), "spearman_rho"] == pytest.approx(1)
    for figure in ("cost", "independence"):
        assert (compared.folder / f"results/smoke/figures/{figure}.png").exists()


@pytest.mark.slow
def test_every_column_of_every_table_is_described_and_every_description_has_a_column(
    compared: Project,
):
    written = {path.stem: path for path in (compared.folder / "results/smoke/tables").glob("*.csv")}
    # The demo's; those of a page of their own, no part of this chain.
    modules = {name: RESULTS.module(name) for name in RESULTS.names()}
    asked = {n for n, m in modules.items() if getattr(m, "MADE_BY", "all") == "others"}
    others = {"digits_search"} | {n for n in asked if getattr(modules[n], "PAGE", "")}
    assert {result_of(name) for name in written} == TABLES.keys() - others
    for path in written.values():
        columns, known = list(pd.read_csv(path, nrows=0)), columns_of(path.stem)
        assert [name for name in columns if not known.fullmatch(name)] == []
        for column in TABLES[result_of(path.stem)]:
            assert any(columns_of(path.stem, [column]).fullmatch(name) for name in columns)


@pytest.mark.slow
def test_touching_one_network_proxy_rescores_it_alone(compared: Project):
    proxy = "src/tgnas/methods/network_proxies/zen.py"
    with compared.edit(proxy, "return float", "return 2 * float"):
        planned = compared.planned("--", "proxies")
    assert (
        planned["score_with_network_proxy"] == planned["join_shards"] == 2
    )  # the sample, and what is timed
    assert not {"draw_batch", "draw_population", "score_with_predictor"} & set(planned)
    assert not compared.planned("--", "proxies")


@pytest.mark.slow
def test_touching_a_distilled_proxy_trains_what_is_distilled_from_it_alone(project: Project):
    target = "results/smoke/tables/ranking_nasbench201.csv"
    proxy = "src/tgnas/methods/network_proxies/zen.py"
    with project.edit(proxy, "return float", "return 2 * float"):
        planned = project.planned("--", target)
    assert planned["score_with_network_proxy"] == planned["join_shards"] == 1
    assert planned["train_predictor"] == 2  # the seeds of one predictor
    assert planned["score_with_predictor"] == 1
    assert not {"draw_batch", "draw_population", "score_transfer"} & set(planned)


@pytest.mark.slow
def test_your_own_cifar100_is_seen_by_networks_of_100_classes(compared: Project):
    folder, generator = compared.folder / "cifar100", np.random.default_rng(0)
    folder.mkdir()
    for name, size in (("train", 200), ("test", 100)):
        pixels = generator.integers(0, 256, (size, 3072), dtype=np.uint8)
        labels = [place % 100 for place in range(size)]
        content = pickle.dumps({"data": pixels, "fine_labels": labels}, protocol=2)
        (folder / name).write_bytes(content)
    batch = "  batch: 8\n"
    with compared.edit("config/smoke.yaml", batch, f"{batch}  inputs: {{cifar100: cifar100}}\n"):
        done = compared.run("--", "results/smoke/tables/proxies.csv")
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(compared.folder / "results/smoke/tables/proxies.csv")
    further = table[table.inputs == "cifar100"]
    assert set(further.method) == {"az_nas", "synflow", "te_nas", "zen"}
    assert set(further.dataset) == {"cifar10", "cifar100", "ImageNet16-120"}
    markdown = (compared.folder / "results/smoke/tables/proxies.md").read_text()
    assert "NB201 cifar10, CIFAR-100 images" in markdown


@pytest.mark.slow
def test_searches_can_query_proxies_on_reduced_networks_of_every_live_pattern(compared: Project):
    planned = compared.planned(
        "--", "results/smoke/searches/nasbench201/zico_reduced/hybrid.parquet"
    )
    wanted = {
        "draw_population": 1,
        "score_with_network_proxy": 4,
        "join_shards": 1,
        "spread_over_patterns": 1,
    }
    assert planned == wanted | {"search": 1}


@pytest.mark.slow
def test_a_lost_shard_is_scored_again_alone_and_to_the_same_bits(compared: Project):
    shard = compared.folder / "results/smoke/shards/nasbench201_sample/synflow/0.parquet"
    before = pd.read_parquet(shard)
    shard.unlink()
    done = compared.run("--", str(shard.relative_to(compared.folder)))
    assert done.returncode == 0, done.stdout
    assert (
        "architectures_per_second"
        in (
            compared.folder / "logs/smoke/score_with_network_proxy/nasbench201_sample/synflow/0.log"
        ).read_text()
    )
    pd.testing.assert_series_equal(
        before["component/synflow"], pd.read_parquet(shard)["component/synflow"]
    )


@pytest.mark.slow
def test_an_interrupted_run_resumes_to_the_same_bits(project: Project):
    weights = project.folder / SEEDED / "epochs.safetensors"
    whole = weights.read_bytes()
    for path in (project.folder / SEEDED).iterdir():
        path.unlink()
    project.run_and_kill("--", f"{SEEDED}/history.csv", when=weights.with_name("checkpoint.pt"))
    assert not weights.exists()
    done = project.run("--unlock"), project.run("--rerun-incomplete", "--", f"{SEEDED}/history.csv")
    log = project.folder / "logs/smoke/train_predictor/tgnas_code/seed0.log"
    assert done[1].returncode == 0, done[1].stdout
    assert "resumed after epoch" in log.read_text()
    assert weights.read_bytes() == whole


@pytest.mark.slow
def test_a_misspelled_config_key_is_refused_in_one_line(project: Project):
    done = project.run("--dry-run", "--config", "sedes=3")
    assert done.returncode == 1
    assert "unknown config key at the top level 'sedes' (did you mean 'seeds'?)" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("config/config.yaml", "- pruning", "- prunning", "unknown searcher 'prunning' (did you"),
        (
            "config/config.yaml",
            "[params, eff",
            "[parms, eff",
            "unknown graph proxy 'parms' (did you",
        ),
        ("config/config.yaml", "[cifar10, cifar100", "[cifar, cifar100", "'cifar' (did you mean"),
        ("config/config.yaml", "back_end: dense", "back_end: dens", "'dens' (did you mean 'dense'"),
        (
            "config/experiments_smoke.tsv",
            "flops\tproxy",
            "flop\tproxy",
            f"experiments_smoke.tsv:{FLOPS_LINE}: unknown pro",
        ),
        ("config/resources.tsv", "\t250000\t", "\tmany\t", "resources.tsv:24"),
    ],
)
def test_an_unknown_name_in_a_config_file_is_refused(project: Project, path, old, new, message):
    text = (project.folder / path).read_text()
    new = text.replace(old, new) if old in text else text.replace("pruning,", "prunning,")
    with project.edit(path, text, new):
        done = project.run("--dry-run")
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_a_corrupt_benchmark_file_ends_in_one_line(project: Project):
    table = project.folder / "results/benchmarks/nasbench201.arrow"
    kept = table.with_name("kept")
    shutil.copy2(table, kept)
    table.write_bytes(table.read_bytes()[:1000])
    done = project.run(
        "--forcerun",
        "score_with_graph_proxy",
        "--",
        "results/smoke/scores/nasbench201/params.parquet",
    )
    kept.replace(table)
    assert done.returncode == 1
    assert re.search(r"ERROR tgnas.workflow.script .*is damaged", done.stdout)
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_a_new_result_is_one_file_and_is_found_in_the_report(project: Project):
    module = project.folder / "src/tgnas/results/method_counts.py"
    before = project.planned()
    module.write_text(NEW_RESULT)
    added = project.planned() - before
    assert added["tabulate"] == added["draw"] == 1
    assert added.keys() <= {"tabulate", "draw", "record_provenance", "render_report", "all"}
    done = project.run()
    assert done.returncode == 0, done.stdout
    page = (project.folder / "results/smoke/report.html").read_text()
    for part in (
        'id="table-method_counts"', 'id="figure-method_counts"', "<h2>A section of its own</h2>",
        f"How many methods a family has, of {len(SHEET)}.", '<td class="">predictor</td>',
    ):  # fmt: skip
        assert part in page
    with project.edit("src/tgnas/results/method_counts.py", ".size()", ".nunique()"):
        planned = project.planned()
    assert planned["tabulate"] == planned["draw"] == 1
    module.unlink()


NEW_RESULT = '''"""How many methods each family has."""

import pandas as pd
from matplotlib.figure import Figure

from tgnas.results._tables import Shown, count

TITLE = "Methods of each family"
SECTION = "A section of its own"
CAPTION = "How many methods a family has, of {number}."
COLUMNS = {"family": "of methods", "methods": "how many it has"}


def params(plan):
    return {"number": len(plan.families()), "families": plan.families()}


def inputs(plan):
    return {"ranking": "<results>/tables/ranking_nasbench201.csv"}


def table(ranking, families):
    known = pd.Series(ranking.method.unique()).map(families)
    return known.groupby(known).size().rename_axis("family").reset_index(name="methods")


def show(frame):
    return [Shown([{"family": r.family, "methods": count(r.methods)} for r in frame.itertuples()])]


def figure(frame):
    drawn = Figure()
    drawn.subplots().bar(frame.family, frame.methods)
    return drawn
'''
