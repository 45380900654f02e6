# How well each method's scores rank NAS-Bench-201.


rule measure_ranking:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        scores="<results>/scores/nasbench201/{method}/seed{seed}.parquet",
    output:
        measures="<results>/measures/ranking/{method}/seed{seed}.csv",
    log:
        "<logs>/measure_ranking/{method}/seed{seed}.log",
    params:
        ranking={k: v for k, v in config["ranking"].items() if k != "leaked_dataset"},
        code=code_digest("workflow/scripts/measure_ranking.py"),
    script:
        "../workflow/scripts/measure_ranking.py"


rule tabulate_ranking:
    input:
        measures=[
            f"<results>/measures/ranking/{method.name}/seed{seed}.csv"
            for method in METHODS.values()
            for seed in method.seeds
        ],
        reported="config/reported.csv",
    output:
        table=report("<results>/tables/ranking.csv", **captioned("ranking", "Tables")),
        markdown="<results>/tables/ranking.md",
    log:
        "<logs>/tabulate_ranking.log",
    params:
        titles={method.name: method.title for method in METHODS.values()},
        ranking=config["ranking"],
        code=code_digest("workflow/scripts/tabulate_ranking.py"),
    script:
        "../workflow/scripts/tabulate_ranking.py"


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
    params:
        code=code_digest("workflow/scripts/tabulate_claims.py"),
    script:
        "../workflow/scripts/tabulate_claims.py"
