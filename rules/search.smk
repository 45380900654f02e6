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
        shipped=lambda w: bool(CONFIG.shipped_as(w.scorer)),
        code=lambda w: digest("search", *SEARCHES.modules(w)),
    script:
        "../workflow/scripts/search.py"


# All seeds of a predictor that learns a few labels of a target, or of a searcher that queries them.
rule use_few_labels:
    input:
        unpack(FEW_LABELS.inputs),
    output:
        measured="<results>/few_labels/{few_target}/{learner}.parquet",
    log:
        "<logs>/use_few_labels/{few_target}/{learner}.log",
    benchmark:
        "<benchmarks>/use_few_labels/{few_target}/{learner}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        start=lambda w: FEW_LABELS.params(w)["start"],
        shipped=lambda w: FEW_LABELS.shipped(w),
        target=lambda w: FEW_LABELS.params(w)["target"],
        learned=lambda w: FEW_LABELS.params(w)["learned"],
        queried=lambda w: FEW_LABELS.params(w)["queried"],
        code=lambda w: digest("use_few_labels", *FEW_LABELS.modules(w)),
    script:
        "../workflow/scripts/use_few_labels.py"


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
