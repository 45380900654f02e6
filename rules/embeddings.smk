# Sentence vectors of the operators: one file for each entry that a predictor names.


# Both could make these files; no address has them.
ruleorder: unpack_mpnet > fetch_resource


rule unpack_mpnet:
    output:
        model=MODEL_FILES[MPNET.name],
    log:
        "<logs>/unpack_mpnet.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("unpack_mpnet"),
    script:
        "../workflow/scripts/unpack_mpnet.py"


rule embed_operators:
    input:
        model=lambda w: MODEL_FILES.get(config["embeddings"][w.embedding]["model"], []),
    output:
        embeddings="<results>/embeddings/{embedding}.parquet",
    log:
        "<logs>/embed_operators/{embedding}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        settings=lambda w: config["embeddings"][w.embedding],
        code=code("embed_operators"),
    script:
        "../workflow/scripts/embed_operators.py"
