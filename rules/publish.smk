# The weights that come with the package. Not part of `all`: `make paper` writes them into src.


def shipped_row(w):
    """Return the predictor that is shipped under a name."""
    return CONFIG.predictors[CONFIG.shipped[w.shipped].predictor]


def labels_of_shipped(w):
    """Return what a shipped predictor has learned: of each source its label, or the proxy distilled."""
    row = shipped_row(w)
    if row.distil_from:
        cells = CONFIG.reduced_networks.distillation.architectures
        return {DISTILLED_BENCHMARK: {"distil_from": row.distil_from, "cells": cells}}
    labels = {source: CONFIG.training[source].model_dump() for source in row.sources}
    return {source: label | {"cells": row.cells} for source, label in labels.items()}


rule ship_vectors:
    input:
        embeddings="<results>/embeddings/{embedding}.parquet",
    output:
        vectors="<weights>/{embedding}.parquet",
    log:
        "<logs>/ship_vectors/{embedding}.log",
    shell:
        "cp {input.embeddings} {output.vectors} 2> {log}"


rule ship_weights:
    input:
        epochs=lambda w: [
            "<results>/predictors/{}/seed{}/epochs.safetensors".format(
                CONFIG.shipped[w.shipped].predictor, seed
            )
            for seed in range(CONFIG.seeds)
        ],
        embeddings=lambda w: f"<weights>/{shipped_row(w).embedding}.parquet",
        target=lambda w: "<benchmark_tables>/{}.arrow".format(
            CONFIG.shipped[w.shipped].measured_on
        ),
    output:
        weights="<weights>/{shipped}.safetensors",
        card="<weights>/{shipped}.json",
    log:
        "<logs>/ship_weights/{shipped}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        settings=lambda w: shipped_row(w).flat(),
        title=lambda w: CONFIG.shipped[w.shipped].title,
        trained_on=labels_of_shipped,
        ranking=lambda w: ranking_of(CONFIG.shipped[w.shipped].measured_on),
        code=lambda w: method_digest("ship_weights", shipped_row(w).method),
    script:
        "../workflow/scripts/ship_weights.py"
