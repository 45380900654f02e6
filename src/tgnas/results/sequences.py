"""How training-free scores rank recurrent cells and transformer encoders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tgnas.benchmarks.base import Benchmark
from tgnas.results import _style as style
from tgnas.results._catalogue import Plan
from tgnas.results._tables import Block, Entry, Number, Shown, count
from tgnas.studies.sequences import LABELS

TITLE = "Training-free scores of recurrent cells and transformers"
SECTION = "Any space"
MADE_BY = "others"
PAGE = "sequences"
PLACE = 3
UNREAD = ("metrics", "parameters")  # their readers take paths
CAPTION = """
Kendall's tau with minus the test loss on the Penn Treebank (NAS-Bench-NLP) and with the GLUE score
(FlexiBERT), so that above 0 is better than chance; and with the column that Serianni and Kalita
(ACL 2023) stored. stored: their column as it is, over all that they list. recomputed: {recipes:,}
recurrent cells at the published size (embedding 400, 600 units, 3 layers) on {rows} rows of {steps}
words, {encoders} encoders on {encoder_rows} rows of {encoder_steps} words of the Declaration of
Independence, at hidden size 256 and feed-forward width 1,024 as all that is stored; one seed. The
stored activation distance holds a factor that grows from encoder to encoder; each once: without it,
which is what the recomputed one is compared with. ours: a predictor or count that has seen no label
of a network on tokens, over all with a label. Against #params: the difference of the two taus on
the same architectures, with the 95 % interval over {resamples} resamples of them. Failed scores are
counted and left out.
"""
FIGURE_TITLE = "Training-free scores of recurrent cells and transformers"
FIGURE_CAPTION = """
Kendall's tau of every score with minus the test loss (left) and with the GLUE score (right), beside
that of #params on the same architectures (broken line: on all that have a label). Bars: 95 %
interval of the difference from #params over {resamples} resamples. Of metrics of encoders that are
normalised by their size, and of random scores, the table has the numbers.
"""
KINDS = ("stored", "recomputed", "ours")
TITLES = {"nasbench_nlp": "NAS-Bench-NLP", "flexibert": "FlexiBERT"}
RESAMPLES = 200
# The stored activation distance counts a layer once for each layer of all encoders of the same run
# that came before, whose hooks stayed on the activation that they share; this one counts it once.
ONCE = "activation_distance_each_once"
STORED = {  # our components -> the stored column
    "hidden_covariance.layer_1": "hidden_covariance_1",
    "hidden_covariance.layer_2": "hidden_covariance_2",
    "hidden_covariance.layer_3": "hidden_covariance_3",
    "attention_confidence.heads": "head_confidence",
    "attention_confidence.softmax": "head_softmax_confidence",
    "attention_confidence.heads_normalised": "head_confidence_normalised",
    "attention_confidence.softmax_normalised": "head_softmax_confidence_normalised",
    "activation_distance": ONCE,
    "activation_distance.normalised": "activation_distance_normalised",
    "place_jacobian.as_published": "jacobian_covariance",
    "place_jacobian.random_signs": "jacobian_covariance",
    "place_jacobian_cosine.as_published": "jacobian_cosine",
    "place_jacobian_cosine.random_signs": "jacobian_cosine",
} | {
    f"{proxy}.{gradient}{size}": f"{proxy}{size}"
    for proxy in ("synaptic_saliency", "synaptic_diversity", "head_importance")
    for gradient in ("as_published", "random_signs")
    for size in ("", "_normalised")
}
COUNTED = ("params", "topology", "effective_weights", "random", "universal")
COLUMNS = {
    "benchmark": "`nasbench_nlp` or `flexibert`",
    "kind": "`stored`, `recomputed` or `ours`",
    "score": "a stored column, a component of a sequence proxy, a graph proxy or a predictor",
    "architectures": "that have it and a label",
    "failed": "that have a label and no finite score",
    "tau": "Kendall's tau with the label",
    "tau_stored": "Kendall's tau with the stored column of the same name; of activation distance, "
    "with that which counts each layer once",
    "difference": "tau minus that of #params, on the same architectures",
    "low": "the lower end of its 95 % interval",
    "high": "its upper end",
    "milliseconds": "mean processor time of the proxy for a network",
}


def params(plan: Plan) -> dict[str, Any]:
    """Return what the study was set to."""
    study = plan.config.study("sequences").model_dump()
    return {**study, "resamples": RESAMPLES}


def inputs(plan: Plan) -> dict[str, Any]:
    """Return the benchmarks, the rows of the study, and the stored metrics of all logs."""
    return {
        **{name: f"<benchmark_tables>/{name}.arrow" for name in LABELS},
        "parts": plan.config.study_files("sequences"),
        "metrics": "<resources>/nasbench_nlp/metrics.csv",
        "parameters": "<resources>/nasbench_nlp/parameters.csv",
    }


def table(
    nasbench_nlp: Benchmark,
    flexibert: Benchmark,
    parts: Sequence[pd.DataFrame],
    metrics: Path,
    parameters: Path,
) -> pd.DataFrame:
    """Return one row for each score."""
    from tgnas.benchmarks import nasbench_nlp as reader  # their imports are slow

    logs = reader.read_metrics(metrics)
    sizes = reader.read_parameters(parameters).reindex(logs.index).to_numpy(dtype=np.float64)
    stored = {name: logs[name].to_numpy() for name in reader.METRIC_NAMES.values()}
    rows = [
        _row("nasbench_nlp", "stored", name, values, -logs["loss"].to_numpy(), sizes)
        for name, values in {"params": sizes, **stored}.items()
    ]
    proxies = [n for n in flexibert.table.column_names if n.startswith("proxy/")]
    counts = flexibert.cost("parameters", dataset="glue").astype(np.float64)
    glue = _label(flexibert)
    rows += [
        _row("flexibert", "stored", name, flexibert.proxy(name), glue, counts)
        for name in (column.removeprefix("proxy/") for column in proxies)
    ]
    once = _stored(flexibert, ONCE)
    rows.append(_row("flexibert", "stored", ONCE, once, glue, counts))
    scores = pd.concat(parts, ignore_index=True)
    for benchmark in (nasbench_nlp, flexibert):
        own = scores[scores.benchmark == benchmark.name]
        rows += [
            _of_study(benchmark, str(score), some)
            for score, some in own.groupby("score", sort=False)
        ]
    return pd.DataFrame(rows)[list(COLUMNS)]


def _label(benchmark: Benchmark) -> np.ndarray:
    dataset, split, epochs = LABELS[benchmark.name]
    return benchmark.accuracy(dataset=dataset, split=split, epochs=epochs)


def hidden_layers(flexibert: Benchmark) -> np.ndarray:
    """Return the number (N,) of hidden layers of all feed-forward networks of each encoder."""
    from tgnas.spaces.flexibert import layers_of  # the imports are slow
    from tgnas.spaces.space import open_space

    space = open_space("flexibert")
    members = [space.object_of(text) for text in flexibert.strings]
    return np.array([sum(layer[-1] for layer in layers_of(member)) for member in members])


def _stored(benchmark: Benchmark, column: str) -> np.ndarray:
    if column == ONCE:
        return benchmark.proxy("activation_distance_normalised") * hidden_layers(benchmark)
    return benchmark.proxy(column)


def _of_study(benchmark: Benchmark, score: str, some: pd.DataFrame) -> dict[str, Any]:
    """Return the row of one score that the study computed."""
    place = some.row.to_numpy()
    dataset = LABELS[benchmark.name][0]
    sizes = benchmark.cost("parameters", dataset=dataset).astype(np.float64)[place]
    first, _, component = score.partition(".")
    name = first if component == first else score
    kind = "ours" if name in COUNTED else "recomputed"
    stored = _stored(benchmark, STORED[name])[place] if name in STORED else None
    row = _row(
        benchmark.name, kind, name, some.value.to_numpy(), _label(benchmark)[place], sizes, stored
    )
    return {**row, "milliseconds": some.milliseconds.mean()}


def _row(
    benchmark: str,
    kind: str,
    score: str,
    values: np.ndarray,
    label: np.ndarray,
    sizes: np.ndarray,
    stored: np.ndarray | None = None,
) -> dict[str, Any]:
    from tgnas.evaluation.ranking import kendall_tau  # its imports are slow

    good = np.isfinite(values)
    taus, truth, counts = values[good], label[good], sizes[good]

    def difference(rows: np.ndarray) -> float:
        return kendall_tau(taus[rows], truth[rows]) - kendall_tau(counts[rows], truth[rows])

    generator = np.random.default_rng(0)
    every = [difference(generator.integers(len(taus), size=len(taus))) for _ in range(RESAMPLES)]
    low, high = np.quantile(every, [0.025, 0.975])
    return {
        "benchmark": benchmark,
        "kind": kind,
        "score": score,
        "architectures": len(taus),
        "failed": int((~good).sum()),
        "tau": kendall_tau(taus, truth),
        "tau_stored": np.nan if stored is None else kendall_tau(taus, stored[good]),
        "difference": difference(np.arange(len(taus))),
        "low": low,
        "high": high,
        "milliseconds": np.nan,
    }


def show(frame: pd.DataFrame) -> list[Block]:
    """Return one table for each benchmark."""
    blocks: list[Block] = []
    for name, title in TITLES.items():
        rows: list[dict[str, Entry]] = [
            {
                title: f"{row.score.replace('_', ' ').replace('.', ', ')}",
                "what": row.kind,
                "architectures": count(row.architectures),
                "failed": count(row.failed),
                "KT": Number(row.tau),
                "KT with stored": Number(row.tau_stored) if np.isfinite(row.tau_stored) else "-",
                "against #params": Number(row.difference, "+.3f", interval=(row.low, row.high)),
            }
            for row in frame[frame.benchmark == name].itertuples()
        ]
        blocks.append(Shown(rows))
    return blocks


def figure(frame: pd.DataFrame) -> Figure:
    """Return Kendall's tau of every score beside that of #params, the best on top."""
    shown = frame[~frame.score.str.endswith("normalised") & (frame.score != "random")]
    looks = list(zip(KINDS, (style.PURPLE, style.GREEN, style.BLUE), "soD", strict=True))
    with style.styled():
        drawn = Figure(figsize=(style.WIDE, 4.8))
        for panel, name in zip(drawn.subplots(1, 2), TITLES, strict=True):
            part = shown[shown.benchmark == name].sort_values("tau", kind="stable")
            part = part.reset_index(drop=True)
            for kind, colour, marker in looks:
                of = part[part.kind == kind]
                reach = style.reach(of.difference, of.low, of.high)
                panel.errorbar(of.tau, of.index, xerr=reach, fmt=marker, color=colour, label=kind)
            (params,) = part[(part.kind == "ours") & (part.score == "params")].tau
            panel.axvline(params, color=style.BLACK, linestyle="--", label="#params")
            panel.set_yticks(part.index, part.score.str.replace("_", " ").str.replace(".", ", "))
            panel.set_title(TITLES[name])
            panel.set_xlabel(style.TAU)
        handles, labels = panel.get_legend_handles_labels()
        drawn.legend(handles, labels, **style.BELOW, ncols=4)
    return drawn
