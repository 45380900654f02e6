# How well each method's scores rank NAS-Bench-201.


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
