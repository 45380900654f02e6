# Search on NAS-Bench-201, and the tables of what was found.


rule search_with_predictor:
    input:
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        runs="<results>/searches/{predictor}/{searcher}.parquet",
    log:
        "<logs>/search_with_predictor/{predictor}/{searcher}.log",
    threads: lambda w: PREDICTOR_ROWS[w.predictor]["threads"]
    params:
        method=lambda w: PREDICTOR_ROWS[w.predictor]["method"],
        search=SEARCH_SETTINGS,
        code=lambda w: predictor_digest(
            "search_with_predictor", w.predictor, w.searcher
        ),
    script:
        "../workflow/scripts/search_with_predictor.py"


rule search_with_proxy:
    output:
        runs="<results>/searches/{proxy}/{searcher}.parquet",
    log:
        "<logs>/search_with_proxy/{proxy}/{searcher}.log",
    params:
        search=SEARCH_SETTINGS,
        dataset="cifar10",
        code=lambda w: proxy_digest("search_with_proxy", w.proxy, w.searcher),
    script:
        "../workflow/scripts/search_with_proxy.py"


rule search_by_validation:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        runs="<results>/searches/validation/random.parquet",
    log:
        "<logs>/search_by_validation.log",
    params:
        search=SEARCH_SETTINGS
        | {k: config["search"][k] for k in ("trainings", "training_runs")},
        code=code("search_by_validation", SEARCHERS["random"]),
    script:
        "../workflow/scripts/search_by_validation.py"


rule tabulate_search:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        reported="config/reported.csv",
        runs=[
            f"<results>/searches/{scorer}/{searcher}.parquet"
            for scorer, searcher in SEARCHES
        ],
    output:
        answers="<results>/tables/search_answers.csv",
        table=report("<results>/tables/search.csv", **captioned("search", "Tables")),
        markdown="<results>/tables/search.md",
    log:
        "<logs>/tabulate_search.log",
    params:
        scorers=[scorer for scorer, _ in SEARCHES],
        ranking=LABELS,
        code=code("tabulate_search"),
    script:
        "../workflow/scripts/tabulate_search.py"


rule choose_architecture:
    input:
        runs=f"<results>/searches/{config['search']['predictor']}/hybrid.parquet",
    output:
        found="<results>/searches/found.json",
    log:
        "<logs>/choose_architecture.log",
    params:
        seed=0,
        code=code("choose_architecture"),
    script:
        "../workflow/scripts/choose_architecture.py"
