# Scores that need no training: proxies, and what the authors released.


# What is stored needs no computing anew.
ruleorder: import_stored_scores > score_with_proxy
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


rule import_authors_dump:
    input:
        dump="<resources>/nasbench201/authors_dump.txt",
        benchmark="<benchmark_tables>/nasbench201.arrow",
    output:
        scores="<results>/scores/nasbench201/authors_dump.parquet",
    log:
        "<logs>/import_authors_dump.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("import_authors_dump"),
    script:
        "../workflow/scripts/import_authors_dump.py"


rule import_stored_proxies:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        naswot="<resources>/nasbench201/freerea_cifar10_naswot.csv",
        logsynflow="<resources>/nasbench201/freerea_cifar10_logsynflow.csv",
        zen="<resources>/nasbench201/naslib_zen.zip",
    output:
        scores=expand(
            "<results>/scores/nasbench201/{stored}_stored.parquet",
            stored=["naswot", "logsynflow", "zen"],
        ),
    log:
        "<logs>/import_stored_proxies.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("import_stored_proxies"),
    script:
        "../workflow/scripts/import_stored_proxies.py"


# All columns in one job: each is a moment's work.
rule import_stored_scores:
    input:
        benchmark="<benchmark_tables>/nasbench301.arrow",
    output:
        scores=expand(
            "<results>/scores/nasbench301/{stored}.parquet",
            stored=STORED["nasbench301"],
        ),
    log:
        "<logs>/import_stored_scores.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        dataset="cifar10",
        code=code("import_stored_scores"),
    script:
        "../workflow/scripts/import_stored_scores.py"


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
