# The embedded default: the chain on digits-bench, which comes with the package. Read only where a
# config has the section `demo` (config/demo.yaml).

DEMO = CONFIG.demo


# No accuracy is read: the predictor alone decides, over all 15,625 architectures.
rule choose_for_digits:
    input:
        runs=f"<results>/searches/nasbench201/{DEMO.predictor}/{DEMO.searcher}.parquet",
    output:
        best="<results>/digits/best.json",
    log:
        "<logs>/choose_for_digits.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        searcher=DEMO.searcher,
        seed=0,
        code=code("choose_architecture"),
    script:
        "../workflow/scripts/choose_architecture.py"
