# Scores that need no training: proxies, and what the authors released.


# What is stored needs no computing anew.
ruleorder: import_stored_scores > score_with_proxy


rule score_with_proxy:
    input:
        benchmark="<benchmark_tables>/{target}.arrow",
    output:
        scores="<results>/scores/{target}/{proxy}.parquet",
    log:
        "<logs>/score_with_proxy/{target}/{proxy}.log",
    params:
        dataset="cifar10",
        seeds=lambda w: list(SHEETS[w.target][w.proxy].seeds),
        code=lambda w: proxy_digest("score_with_proxy", w.proxy),
    script:
        "../workflow/scripts/score_with_proxy.py"


rule import_authors_dump:
    input:
        dump="<resources>/nasbench201/authors_dump.txt",
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        scores="<results>/scores/nasbench201/authors_dump.parquet",
    log:
        "<logs>/import_authors_dump.log",
    params:
        code=code("import_authors_dump"),
    script:
        "../workflow/scripts/import_authors_dump.py"


rule import_stored_scores:
    input:
        benchmark="<benchmark_tables>/nasbench301.arrow",
    output:
        scores="<results>/scores/nasbench301/{stored}.parquet",
    log:
        "<logs>/import_stored_scores/{stored}.log",
    params:
        dataset="cifar10",
        code=code("import_stored_scores"),
    script:
        "../workflow/scripts/import_stored_scores.py"
