# Search under limits on what an answer may cost, and Pareto fronts of score and cost.


rule search_within_limits:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        costs=f"<results>/costs/nasbench201/{CONSTRAINTS['dataset']}.parquet",
        scores="<results>/scores/nasbench201/{limited}.parquet",
    output:
        runs="<results>/searches/limited/{limited}.parquet",
    log:
        "<logs>/search_within_limits/{limited}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        limits={k: CONSTRAINTS[k] for k in ("costs", "shares", "searchers")},
        search=SEARCH_SETTINGS,
        code=lambda w: digest(
            "search_within_limits",
            *map(SEARCHERS.module_name, CONSTRAINTS["searchers"]),
        ),
    script:
        "../workflow/scripts/search_within_limits.py"


rule tabulate_limits:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        runs=[f"<results>/searches/limited/{s}.parquet" for s in CONSTRAINTS["scorers"]],
    output:
        table=report("<results>/tables/limits.csv", **captioned("limits", "Tables")),
        markdown="<results>/tables/limits.md",
    log:
        "<logs>/tabulate_limits.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        scorers=CONSTRAINTS["scorers"],
        dataset=CONSTRAINTS["dataset"],
        ranking=LABELS,
        code=code("tabulate_limits"),
    script:
        "../workflow/scripts/tabulate_limits.py"


rule tabulate_pareto:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        costs=f"<results>/costs/nasbench201/{CONSTRAINTS['dataset']}.parquet",
        scores=scores_of(CONSTRAINTS["scorers"]),
    output:
        table=report("<results>/tables/pareto.csv", **captioned("pareto", "Tables")),
        markdown="<results>/tables/pareto.md",
    log:
        "<logs>/tabulate_pareto.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        scorers=CONSTRAINTS["scorers"],
        limits={k: CONSTRAINTS[k] for k in ("dataset", "costs")},
        ranking=LABELS,
        code=code("tabulate_pareto"),
    script:
        "../workflow/scripts/tabulate_pareto.py"


rule draw_pareto:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        costs=f"<results>/costs/nasbench201/{CONSTRAINTS['dataset']}.parquet",
        table="<results>/tables/pareto.csv",
    output:
        png=report(
            "<results>/figures/pareto.png", **captioned("pareto_figure", "Figures")
        ),
        pdf="<results>/figures/pareto.pdf",
    log:
        "<logs>/draw_pareto.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        limits={k: CONSTRAINTS[k] for k in ("dataset", "costs")},
        ranking=LABELS,
        code=code("draw_pareto"),
    script:
        "../workflow/scripts/draw_pareto.py"
