# Every figure, as PNG for the screen and PDF for print.

DRAWN = config["search"]["predictor"]


rule draw_predictions:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        scores=f"<results>/scores/nasbench201/{DRAWN}.parquet",
        measures=f"<results>/measures/nasbench201/{DRAWN}.csv",
    output:
        png=report(
            "<results>/figures/predictions.png", **captioned("predictions", "Figures")
        ),
        pdf="<results>/figures/predictions.pdf",
    log:
        "<logs>/draw_predictions.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        seed=0,
        ranking=LABELS,
        code=code("draw_predictions"),
    script:
        "../workflow/scripts/draw_predictions.py"


rule draw_rank_correlations:
    input:
        table="<results>/tables/ranking.csv",
    output:
        png=report(
            "<results>/figures/rank_correlations.png",
            **captioned("rank_correlations", "Figures"),
        ),
        pdf="<results>/figures/rank_correlations.pdf",
    log:
        "<logs>/draw_rank_correlations.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        families={method.name: method.family for method in METHODS.values()},
        ranking=ranking_of("nasbench201"),
        code=code("draw_rank_correlations"),
    script:
        "../workflow/scripts/draw_rank_correlations.py"


rule draw_training_curves:
    input:
        histories=[
            f"<results>/predictors/{DRAWN}/seed{seed}/history.csv"
            for seed in range(config["seeds"])
        ],
        taus=f"<results>/audit/{DRAWN}.csv",
    output:
        png=report(
            "<results>/figures/training_curves.png",
            **captioned("training_curves", "Figures"),
        ),
        pdf="<results>/figures/training_curves.pdf",
    log:
        "<logs>/draw_training_curves.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        predictor=DRAWN,
        leaked_dataset=config["ranking"]["leaked_dataset"],
        code=code("draw_training_curves"),
    script:
        "../workflow/scripts/draw_training_curves.py"


rule draw_audit:
    input:
        table="<results>/tables/audit.csv",
    output:
        png=report(
            "<results>/figures/audit.png", **captioned("audit_figure", "Figures")
        ),
        pdf="<results>/figures/audit.pdf",
    log:
        "<logs>/draw_audit.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("draw_audit"),
    script:
        "../workflow/scripts/draw_audit.py"


rule draw_search_progress:
    input:
        benchmark="<benchmark_tables>/nasbench201.arrow",
        runs=[
            f"<results>/searches/nasbench201/{scorer}/{searcher}.parquet"
            for scorer, searcher in SEARCHES
            if scorer == DRAWN
        ],
        scores=f"<results>/scores/nasbench201/{DRAWN}.parquet",
        baselines=[
            f"<results>/searches/nasbench201/{baseline}/exhaustive.parquet"
            for baseline in config["search"]["baselines"]
        ],
    output:
        png=report(
            "<results>/figures/search_progress.png",
            **captioned("search_progress", "Figures"),
        ),
        pdf="<results>/figures/search_progress.pdf",
    log:
        "<logs>/draw_search_progress.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        titles=[
            f"best by {METHODS[name].title if name in METHODS else name}"
            for name in config["search"]["baselines"]
        ],
        ranking=LABELS,
        code=code("draw_search_progress"),
    script:
        "../workflow/scripts/draw_search_progress.py"


rule draw_genotype:
    input:
        best="<results>/searches/darts/best.json",
    output:
        png=report("<results>/figures/genotype.png", **captioned("genotype", "Figures")),
        pdf="<results>/figures/genotype.pdf",
    log:
        "<logs>/draw_genotype.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        predictor=DARTS["predictor"],
        code=code("draw_genotype"),
    script:
        "../workflow/scripts/draw_genotype.py"
