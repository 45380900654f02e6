# Scores that need no training: proxies, and what the authors released.


rule score_with_proxy:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        scores="<results>/scores/nasbench201/{proxy}/seed{seed}.parquet",
    log:
        "<logs>/score_with_proxy/{proxy}/seed{seed}.log",
    params:
        dataset="cifar10",
        code=lambda w: proxy_digest("score_with_proxy", w.proxy),
    script:
        "../workflow/scripts/score_with_proxy.py"


rule import_authors_dump:
    input:
        dump="<resources>/nasbench201/authors_dump.txt",
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        scores="<results>/scores/nasbench201/authors_dump/seed0.parquet",
    log:
        "<logs>/import_authors_dump.log",
    params:
        code=code_digest("workflow/scripts/import_authors_dump.py"),
    script:
        "../workflow/scripts/import_authors_dump.py"
