# What made the results, and the copy of them that is committed.
TABLES = (
    "ranking",
    "search",
    "supernets",
    "limits",
    "pareto",
    "darts_search",
    "claims",
    "final_training",
    "short_trainings",
    "jpeg",
    "selection",
    "audit",
    "darts",
    "ablations",
)
FIGURES = (
    "predictions",
    "rank_correlations",
    "audit",
    "ablations",
    "training_curves",
    "search_progress",
    "pareto",
    "genotype",
    "final_training_curves",
    "short_trainings",
)
# A config may want a part of them, and what rules/demo.smk makes.
DEMO_FIGURES = [
    f"{kind}_{target}" for kind in ("correlations", "predictions") for target in TARGETS
]
try:
    TABLES = wanted(CONFIG.tables, "tables", TABLES, [*RANKINGS, "digits_search"])
    FIGURES = wanted(
        CONFIG.figures, "figures", FIGURES, [*DEMO_FIGURES, "digits_search"]
    )
except TgnasError as error:
    raise WorkflowError(str(error)) from None
# What README shows of them; the page has the whole tables.
SHORT = HEADLINES if {"search", *RANKINGS} <= set(TABLES) else ()


rule record_provenance:
    input:
        tables=expand("<results>/tables/{table}.csv", table=TABLES),
        embeddings=vectors_of(PREDICTOR_ROWS[config["search"]["predictor"]]),
    output:
        provenance=report(
            "<results>/provenance.json", **captioned("provenance", "Provenance")
        ),
    log:
        "<logs>/record_provenance.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        config=config,
        seconds=folder("benchmarks"),
        code=code("record_provenance", "tgnas.workflow.provenance"),
    script:
        "../workflow/scripts/record_provenance.py"


# Not part of `all`: it writes into the checkout. `make paper` calls it.
rule publish:
    input:
        tables=expand(
            "<results>/tables/{table}.{form}",
            table=(*TABLES, *SHORT),
            form=("csv", "md"),
        ),
        figures=expand("<results>/figures/{figure}.png", figure=FIGURES),
        provenance="<results>/provenance.json",
    output:
        paper_tables=expand(
            "results/paper/{table}.{form}",
            table=(*TABLES, *SHORT),
            form=("csv", "md"),
        ),
        paper_figures=expand("results/paper/{figure}.png", figure=FIGURES),
        paper_provenance="results/paper/provenance.json",
        pages=update(["README.md", "docs/results.md"]),
    log:
        "<logs>/publish.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("publish"),
    script:
        "../workflow/scripts/publish.py"


# The same for what `make proxies` made.
rule publish_proxies:
    input:
        tables=expand(
            "<results>/tables/{table}.{form}", table=PROXY_TABLES, form=("csv", "md")
        ),
        figures=expand("<results>/figures/{figure}.png", figure=PROXY_FIGURES),
        provenance="<results>/provenance.json",
    output:
        paper_tables=expand(
            "results/paper/{table}.{form}", table=PROXY_TABLES, form=("csv", "md")
        ),
        paper_figures=expand("results/paper/{figure}.png", figure=PROXY_FIGURES),
        pages=update(["docs/proxies.md"]),
    log:
        "<logs>/publish_proxies.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("publish"),
    script:
        "../workflow/scripts/publish.py"
