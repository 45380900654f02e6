# What made the results, and the copy of them that is committed.


rule record_provenance:
    input:
        tables=expand("<results>/tables/{table}.csv", table=TABLES),
        embeddings=vectors_of(CONFIG.predictors[CONFIG.search.predictor]),
    output:
        provenance=report("<results>/provenance.json", category="Provenance"),
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
use rule publish as publish_proxies with:
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
