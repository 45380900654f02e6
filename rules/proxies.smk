# Scores that need no training: proxies, and what the authors released.


# What is stored needs no computing anew.
ruleorder: import_scores_of_nasbench301 > score_with_proxy
ruleorder: import_scores_of_digits201 > score_with_proxy
ruleorder: import_scores_of_nasbench_graph > score_with_proxy
ruleorder: measure_stored_scores > measure_ranking


rule score_with_proxy:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
    output:
        scores="<results>/scores/{target}/{proxy}.parquet",
    log:
        "<logs>/score_with_proxy/{target}/{proxy}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        dataset="cifar10",
        seeds=lambda w: list(SHEETS[w.target][w.proxy].seeds),
        code=lambda w: proxy_digest("score_with_proxy", w.proxy),
    script:
        "../workflow/scripts/score_with_proxy.py"


rule measure_stored_scores:
    input:
        benchmark="<benchmark_tables>/nasbench301.arrow",
        scores=expand(
            "<results>/scores/nasbench301/{stored}.parquet",
            stored=STORED["nasbench301"],
        ),
    output:
        measures=expand(
            "<results>/measures/nasbench301/{stored}.csv", stored=STORED["nasbench301"]
        ),
    log:
        "<logs>/measure_stored_scores.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        ranking=ranking_of("nasbench301"),
        code=code("measure_stored_scores"),
    script:
        "../workflow/scripts/measure_stored_scores.py"
