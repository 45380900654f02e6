# Searches on NAS-Bench-201 and in the DARTS space, and what is chosen to be trained.


# Searchers that query the same scores share a job.
rule search:
    input:
        unpack(SEARCHES.inputs),
    output:
        runs="<results>/{searches}/{space}/{scorer}/{searchers}.parquet",
    log:
        "<logs>/{searches}/{space}/{scorer}/{searchers}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: SEARCHES.threads
    params:
        plan=SEARCHES.plan,
        label=SEARCHES.label,
        constraints=SEARCHES.constraints,
        surrogates=SEARCHES.surrogates,
        code=lambda w: digest("search", *SEARCHES.modules(w)),
    script:
        "../workflow/scripts/search.py"


rule choose_architecture:
    input:
        runs=lambda w: SEARCHES.to_train(w.space),
    output:
        best="<results>/searches/{space}/best.json",
    log:
        "<logs>/choose_architecture/{space}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        searcher="hybrid",
        seed=0,
        code=code("choose_architecture"),
    script:
        "../workflow/scripts/choose_architecture.py"
