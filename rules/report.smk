# The page that a person reads: one HTML file with everything that the run made.
from tgnas.page.captions import captioned_results

# Whom its first sentences are about.
HEADLINE = {
    "published": AUDITED,
    "leaked": f"{AUDITED}_leaked",
    "counted": "params",
    "chosen": "tgnas_canonical",
    "third": "ensemble_gcn_topology_params",
    "fourth": "ensemble_gcn_distilled_topology_params",
    "searcher": "hybrid",
}
ON_PAGE = [
    f"{folder('results')}/{name}"
    for name in (
        *(f"tables/{table}.csv" for table in TABLES),
        *(f"figures/{figure}.png" for figure in FIGURES),
        "provenance.json",
    )
]
# `make proxies` takes hours: what it has made is shown, but the page is no reason to make it.
BESIDE = [
    f"{folder('results')}/{name}"
    for name in (
        *(f"tables/{table}.csv" for table in PROXY_TABLES),
        *(f"figures/{figure}.png" for figure in PROXY_FIGURES),
    )
]
# All architectures of a benchmark are shown where its ranking is.
EXPLORED = [RANKINGS[listing] for listing in ("ranking",) if listing in TABLES]
EXPLORED_METHODS = {name: m for t in EXPLORED for name, m in SHEETS[t].items()}
CARDED = (PREDICTORS, SEARCHERS, GRAPH_PROXIES, NETWORK_PROXIES)


def cards_of(families):
    """Return the modules that hold the cards of families of methods."""
    return [family.module_name(name) for family in families for name in family.names()]


def shown_results():
    """Return what the page shows, with what its rules say of it."""
    root = Path(workflow.basedir)
    return captioned_results(workflow.rules, [*ON_PAGE, *at_hand(BESIDE)], root)


rule render_report:
    input:
        shown=ON_PAGE,
        markdown=expand("<results>/tables/{table}.md", table=TABLES),
        captions=lambda w: sorted({row["caption"] for row in shown_results().values()}),
        provenance="<results>/provenance.json",
        resources="config/resources.tsv",
        benchmarks=[f"<benchmark_tables>/{t}.arrow" for t in EXPLORED],
        scores=scores_of(EXPLORED_METHODS),
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
        names=HEADLINE,
        published=PREDICTOR_ROWS.get(HEADLINE["published"], {}),
        config=config,
        code=lambda w: digest("render_report", *cards_of(CARDED)),
    script:
        "../workflow/scripts/render_report.py"
