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
