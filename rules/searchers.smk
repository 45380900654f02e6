# Search on NAS-Bench-201 and in the DARTS space, and the tables of what was found.


rule search_with_predictor:
    input:
        embeddings=lambda w: vectors_of(PREDICTOR_ROWS[w.predictor]),
        epochs=of_every_seed("epochs.safetensors"),
    output:
        runs="<results>/searches/{space}/{predictor}/{searcher}.parquet",
    log:
        "<logs>/search_with_predictor/{space}/{predictor}/{searcher}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: lambda w: PREDICTOR_ROWS[w.predictor]["threads"]
    params:
        search=lambda w: search_settings(w.space, w.predictor),
        code=lambda w: predictor_digest(
            "search_with_predictor",
            w.predictor,
            SEARCHERS.module_name(w.searcher),
            f"tgnas.spaces.{w.space}",
        ),
    script:
        "../workflow/scripts/search_with_predictor.py"


rule search_with_scores:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        scores="<results>/scores/nasbench201/{scorer}.parquet",
    output:
        runs="<results>/searches/nasbench201/{scorer}/{searcher}.parquet",
    log:
        "<logs>/search_with_scores/{scorer}/{searcher}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        search=lambda w: search_settings("nasbench201", w.scorer),
        code=lambda w: digest("search_with_scores", SEARCHERS.module_name(w.searcher)),
    script:
        "../workflow/scripts/search_with_scores.py"


rule choose_architecture:
    input:
        runs=lambda w: (
            "<results>/searches/{space}/"
            f"{(DARTS if w.space == 'darts' else SEARCH)['predictor']}/hybrid.parquet"
        ),
    output:
        best="<results>/searches/{space}/best.json",
    log:
        "<logs>/choose_architecture/{space}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        seed=0,
        code=code("choose_architecture"),
    script:
        "../workflow/scripts/choose_architecture.py"
