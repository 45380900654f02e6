# Scores that need no training: proxies, and what the authors released.


rule score_with_proxy:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        scores="<results>/scores/nasbench201/{proxy}.parquet",
    log:
        "<logs>/score_with_proxy/{proxy}.log",
    params:
        dataset="cifar10",
        seeds=lambda w: list(METHODS[w.proxy].seeds),
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
