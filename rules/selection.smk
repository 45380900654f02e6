# The choice of our configuration: on development tasks alone, never on a test space.


rule measure_transfer:
    input:
        source="<benchmark_tables>/nasbench101.arrow",
        others=expand(
            "<benchmark_tables>/{other}.arrow", other=config["selection"]["others"]
        ),
        embeddings=lambda w: vectors_of(CANDIDATES[w.candidate]),
    output:
        measures="<results>/selection/{candidate}.csv",
    log:
        "<logs>/measure_transfer/{candidate}.log",
    benchmark:
        "<benchmarks>/measure_transfer/{candidate}.tsv"
    threads: lambda w: CANDIDATES[w.candidate]["threads"]
    params:
        settings=lambda w: CANDIDATES[w.candidate],
        labels={k: config["training"][k] for k in ("dataset", "split", "epochs")},
        sizes={k: config["selection"][k] for k in ("cells", "tested", "seeds")},
        code=lambda w: method_digest(
            "measure_transfer", CANDIDATES[w.candidate]["method"]
        ),
    script:
        "../workflow/scripts/measure_transfer.py"


rule tabulate_selection:
    input:
        measures=expand("<results>/selection/{candidate}.csv", candidate=CANDIDATES),
    output:
        table=report(
            "<results>/tables/selection.csv", **captioned("selection", "Tables")
        ),
        markdown="<results>/tables/selection.md",
    log:
        "<logs>/tabulate_selection.log",
    params:
        chosen=config["selection"]["chosen"],
        code=code("tabulate_selection"),
    script:
        "../workflow/scripts/tabulate_selection.py"
