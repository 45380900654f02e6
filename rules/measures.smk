# How well each method's scores rank NAS-Bench-201.

# The published protocol is audited on the published predictor, whichever we search with.
AUDITED = "tgnas_code"
HEADLINES = ("headline", "headline_search")


rule measure_ranking:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
        scores="<results>/scores/{target}/{method}.parquet",
    output:
        measures="<results>/measures/{target}/{method}.csv",
    log:
        "<logs>/measure_ranking/{target}/{method}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=lambda w: ranking_of(w.target),
        code=code("measure_ranking"),
    script:
        "../workflow/scripts/measure_ranking.py"


rule tabulate_ranking:
    input:
        measures=lambda w: [
            f"<results>/measures/{RANKINGS[w.listing]}/{method}.csv"
            for method in SHEETS[RANKINGS[w.listing]]
        ],
        reported="config/reported.csv",
    output:
        table=report("<results>/tables/{listing}.csv", **captioned("ranking", "Tables")),
        markdown="<results>/tables/{listing}.md",
    log:
        "<logs>/tabulate_ranking/{listing}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        titles=lambda w: {m.name: m.title for m in SHEETS[RANKINGS[w.listing]].values()},
        ranking=lambda w: ranking_of(RANKINGS[w.listing]),
        code=code("tabulate_ranking"),
    script:
        "../workflow/scripts/tabulate_ranking.py"


rule tabulate_headline:
    input:
        summaries=[f"<results>/tables/{listing}.csv" for listing in RANKINGS],
        search="<results>/tables/search.csv",
    output:
        tables=expand("<results>/tables/{headline}.csv", headline=HEADLINES),
        markdowns=expand("<results>/tables/{headline}.md", headline=HEADLINES),
    log:
        "<logs>/tabulate_headline.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        benchmarks=list(RANKINGS.values()),
        share=config["ranking"]["top_share"],
        datasets=LABELS["datasets"],
        code=code("tabulate_headline"),
    script:
        "../workflow/scripts/tabulate_headline.py"


rule tabulate_claims:
    input:
        ranking="<results>/tables/ranking.csv",
        search="<results>/tables/search.csv",
        reported="config/reported.csv",
    output:
        table=report("<results>/tables/claims.csv", **captioned("claims", "Tables")),
        markdown="<results>/tables/claims.md",
    log:
        "<logs>/tabulate_claims.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("tabulate_claims"),
    script:
        "../workflow/scripts/tabulate_claims.py"


rule tabulate_audit:
    input:
        epochs=f"<results>/audit/{AUDITED}.csv",
        dump="<results>/measures/nasbench201/authors_dump.csv",
    output:
        table=report("<results>/tables/audit.csv", **captioned("audit", "Tables")),
        markdown="<results>/tables/audit.md",
    log:
        "<logs>/tabulate_audit.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("tabulate_audit"),
    script:
        "../workflow/scripts/tabulate_audit.py"
