# The page that a person reads: one HTML file with everything that the run made.

ON_PAGE = {f"{folder('results')}/tables/{table}.csv": table for table in TABLES}
ON_PAGE |= {f"{folder('results')}/figures/{figure}.png": figure for figure in FIGURES}
# `make proxies` takes hours: what it has made is shown, but the page is no reason to make it.
BESIDE = {f"{folder('results')}/tables/{table}.csv": table for table in PROXY_TABLES}
BESIDE |= {f"{folder('results')}/figures/{name}.png": name for name in PROXY_FIGURES}
# All architectures of a benchmark are shown where its ranking is.
EXPLORED = ["nasbench201"] if "ranking_nasbench201" in TABLES else []
EXPLORED_METHODS = {name: m for t in EXPLORED for name, m in SHEETS[t].items()}
CARDED = (PREDICTORS, SEARCHERS, GRAPH_PROXIES, NETWORK_PROXIES)


def cards_of(families):
    """Return the modules that hold the cards of families of methods."""
    return [family.module_name(name) for family in families for name in family.names()]


def shown_results():
    """Return of each file that the page shows its module and what that depends on."""
    shown = ON_PAGE | {file: BESIDE[file] for file in at_hand(BESIDE)}
    return {
        file: {"name": RESULTS[stem].name, "values": RESULTS[stem].params(PLAN)}
        for file, stem in shown.items()
    }


rule render_report:
    input:
        shown=list(ON_PAGE),
        provenance="<results>/provenance.json",
        resources="config/resources.tsv",
        benchmarks=[f"<benchmark_tables>/{t}.arrow" for t in EXPLORED],
        scores=[
            f"<results>/scores/{t}/{method}.parquet"
            for t in EXPLORED
            for method in SHEETS[t]
        ],
    output:
        page="<results>/report.html",
    log:
        "<logs>/render_report.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        results=lambda w: shown_results(),
        beside=lambda w: at_hand(BESIDE),
        methods=[
            {"name": m.name, "title": m.title, "family": m.family}
            for m in EXPLORED_METHODS.values()
        ],
        published=CONFIG.predictors[CONFIG.headline.published].flat(),
        names=CONFIG.headline.model_dump(mode="json"),
        label=LABELS.model_dump(mode="json"),
        code=lambda w: digest(
            "render_report",
            *cards_of(CARDED),
            *{f"tgnas.results.{row['name']}" for row in shown_results().values()},
        ),
    script:
        "../workflow/scripts/render_report.py"
