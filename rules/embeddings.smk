# Sentence vectors of the operators.


rule embed_operators:
    output:
        embeddings="<results>/embeddings/operators.parquet",
    log:
        "<logs>/embed_operators.log",
    params:
        model=config["embedding"]["model"],
        length=config["embedding"]["length"],
        code=code("embed_operators"),
    script:
        "../workflow/scripts/embed_operators.py"
