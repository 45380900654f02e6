# Tables and figures: each is a module of tgnas.results, which says what it is made of.
from tgnas.results._catalogue import Plan, catalogue, wanted

PLAN = Plan(
    config=CONFIG,
    sheets=SHEETS,
    ablations=list(ABLATIONS),
    samples={name: POPULATIONS[name].facts for name in COMPARED},
    scores_of_sample=scores_of_population,
)
try:
    RESULTS = catalogue(PLAN)
    TABLES, FIGURES = wanted(PLAN, "table"), wanted(PLAN, "figure")
    TABULATED = [stem for stem, result in RESULTS.items() if result.makes("table")]
    # What README shows of the tables; the page has the whole ones.
    SHORT = [
        stem
        for stem in made_by("readme", TABULATED)
        if set(RESULTS[stem].tables(PLAN)) <= set(TABLES)
    ]
except TgnasError as error:
    raise WorkflowError(str(error)) from None
DRAWN = [stem for stem, result in RESULTS.items() if result.makes("figure")]
PROXY_TABLES = made_by("proxies", TABULATED)
PROXY_FIGURES = made_by("proxies", DRAWN)
# Results that a page of their own shows, which are published without the rest.
PAGES = sorted({result.page for result in RESULTS.values()} - {""})


wildcard_constraints:
    tabulated="|".join(TABULATED),
    drawn="|".join(DRAWN),


# One job for each part of a study; what it goes on from after an interruption lies beside its rows.
rule study:
    input:
        unpack(files_of_study),
    output:
        rows="<results>/studies/{study}/{part}.parquet",
    log:
        "<logs>/study/{study}/{part}.log",
    benchmark:
        "<benchmarks>/study/{study}/{part}.tsv"
    conda:
        "../workflow/envs/tgnas.yaml"
    threads: 1
    params:
        settings=lambda w: CONFIG.study(w.study).model_dump(mode="json"),
        code=lambda w: study_digest(w),
        weights=lambda w: weights_of_study(w),
    script:
        "../workflow/scripts/study.py"


rule tabulate:
    input:
        unpack(lambda w: RESULTS[w.tabulated].inputs(PLAN, "table")),
    output:
        table=report("<results>/tables/{tabulated}.csv", category="Tables"),
        markdown="<results>/tables/{tabulated}.md",
    log:
        "<logs>/tabulate/{tabulated}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        name=lambda w: RESULTS[w.tabulated].name,
        values=lambda w: RESULTS[w.tabulated].params(PLAN),
        code=lambda w: digest("tabulate", *RESULTS[w.tabulated].modules(PLAN)),
    script:
        "../workflow/scripts/tabulate.py"


rule draw:
    input:
        unpack(lambda w: RESULTS[w.drawn].inputs(PLAN, "figure")),
    output:
        png=report("<results>/figures/{drawn}.png", category="Figures"),
        pdf="<results>/figures/{drawn}.pdf",
    log:
        "<logs>/draw/{drawn}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        name=lambda w: RESULTS[w.drawn].name,
        values=lambda w: RESULTS[w.drawn].params(PLAN),
        code=lambda w: digest("draw", *RESULTS[w.drawn].modules(PLAN)),
    script:
        "../workflow/scripts/draw.py"


rule proxies:
    input:
        expand("<results>/tables/{table}.md", table=PROXY_TABLES),
        expand("<results>/figures/{figure}.png", figure=PROXY_FIGURES),
