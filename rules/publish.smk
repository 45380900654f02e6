# What is made of the results: their provenance, the page, the copy that is committed, the weights
# that come with the package. The last two write into the checkout (`make paper`, no part of `all`).

# A run with shipped weights is published beside the last full one.
PROVENANCE = (
    "provenance_shipped_weights.json" if CONFIG.shipped_weights else "provenance.json"
)
ON_PAGE = {f"{folder('results')}/tables/{table}.csv": table for table in TABLES}
ON_PAGE |= {f"{folder('results')}/figures/{figure}.png": figure for figure in FIGURES}
# What takes hours, or is made for a page of its own: what has been made is shown, but the report is
# no reason to make it. README's parts of tables are not on the page, whenever they are made.
ASIDE = [
    stem
    for page in PAGES
    for stem in on_page(page, RESULTS)
    if stem not in made_by("readme", TABULATED)
]
BESIDE = {
    f"{folder('results')}/tables/{stem}.csv": stem
    for stem in ASIDE
    if stem in TABULATED
}
BESIDE |= {
    f"{folder('results')}/figures/{stem}.png": stem for stem in ASIDE if stem in DRAWN
}
BESIDE = {file: stem for file, stem in BESIDE.items() if file not in ON_PAGE}
# All architectures of a benchmark are shown where its ranking is.
EXPLORED = ["nasbench201"] if "ranking_nasbench201" in TABLES else []
EXPLORED_METHODS = {name: SHEETS[t][name] for t in EXPLORED for name in made(SHEETS[t])}
# Where what no docs page of that name shows is shown.
SHOWN_ON = {"zero_shot": ["README.md", "docs/results.md"]}
CARDED = (
    *(PREDICTORS, SEARCHERS, GRAPH_PROXIES, NETWORK_PROXIES, SEQUENCE_PROXIES),
    *(SUPERNETS, HYPERNETWORKS, GENERATORS),
)


rule record_provenance:
    input:
        tables=expand("<results>/tables/{table}.csv", table=TABLES),
        embeddings=vectors_of(CONFIG.predictors[CONFIG.search.predictor]),
        resources="config/resources.tsv",
    output:
        provenance=report(f"<results>/{PROVENANCE}", category="Provenance"),
    log:
        "<logs>/record_provenance.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        config=config,
        seconds=folder("benchmarks"),
        code=code("record_provenance", "tgnas.workflow.provenance"),
    script:
        "../workflow/scripts/record_provenance.py"


rule publish:
    input:
        tables=expand(
            "<results>/tables/{table}.{form}",
            table=(*TABLES, *SHORT),
            form=("csv", "md"),
        ),
        figures=expand("<results>/figures/{figure}.png", figure=FIGURES),
        provenance=f"<results>/{PROVENANCE}",
    output:
        paper_tables=expand(
            "results/paper/{table}.{form}",
            table=(*TABLES, *SHORT),
            form=("csv", "md"),
        ),
        paper_figures=expand("results/paper/{figure}.png", figure=FIGURES),
        paper_provenance=f"results/paper/{PROVENANCE}",
        pages=update(["README.md", "docs/results.md"]),
    log:
        "<logs>/publish.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        code=code("publish"),
    script:
        "../workflow/scripts/publish.py"


# The same for the results of one page, which need no other: `publish_proxies`, `publish_universal`.
for PAGE in PAGES:
    # A run that makes all tables publishes these too.
    workflow.ruleorder("publish", f"publish_{PAGE}")

    rule:
        name:
            f"publish_{PAGE}"
        input:
            tables=expand(
                "<results>/tables/{table}.{form}",
                table=on_page(PAGE, TABULATED),
                form=("csv", "md"),
            ),
            figures=expand("<results>/figures/{name}.png", name=on_page(PAGE, DRAWN)),
            provenance=[],
        output:
            paper_tables=expand(
                "results/paper/{table}.{form}",
                table=on_page(PAGE, TABULATED),
                form=("csv", "md"),
            ),
            paper_figures=expand("results/paper/{name}.png", name=on_page(PAGE, DRAWN)),
            pages=update(SHOWN_ON.get(PAGE, [f"docs/{PAGE.replace('_', '-')}.md"])),
        log:
            f"<logs>/publish_{PAGE}.log",
        conda:
            "../workflow/envs/tgnas.yaml"
        params:
            code=code("publish"),
        script:
            "../workflow/scripts/publish.py"


rule render_report:
    input:
        shown=list(ON_PAGE),
        provenance=f"<results>/{PROVENANCE}",
        resources="config/resources.tsv",
        benchmarks=[f"<benchmark_tables>/{t}.arrow" for t in EXPLORED],
        scores=[
            f"<results>/scores/{t}/{method}.parquet"
            for t in EXPLORED
            for method in made(SHEETS[t])
        ],
    output:
        page="<results>/report.html",
    log:
        "<logs>/render_report.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    params:
        results=lambda w: shown_results(),
        beside=lambda w: at_hand(BESIDE),
        methods=[
            {"name": m.name, "title": m.title, "family": m.family}
            for m in EXPLORED_METHODS.values()
        ],
        published=CONFIG.predictors[CONFIG.headline.published].flat(),
        names=CONFIG.headline.model_dump(mode="json"),
        label=LABELS.model_dump(mode="json"),
        code=lambda w: digest(
            "render_report",
            *cards_of(CARDED),
            *{f"tgnas.results.{row['name']}" for row in shown_results().values()},
        ),
    script:
        "../workflow/scripts/render_report.py"


rule ship_vectors:
    input:
        embeddings="<results>/embeddings/{embedding}.parquet",
    output:
        vectors="<weights>/{embedding}.parquet",
    log:
        "<logs>/ship_vectors/{embedding}.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    shell:
        "cp {input.embeddings} {output.vectors} 2> {log}"


rule ship_hypernetwork:
    input:
        rows="<results>/studies/hypernetworks/ghn2.parquet",
    output:
        weights="<weights>/hypernetworks/ghn2.safetensors",
        card="<weights>/hypernetworks/ghn2.json",
    log:
        "<logs>/ship_hypernetwork.log",
    conda:
        "../workflow/envs/tgnas.yaml"
    shell:
        "cp $(dirname {input.rows})/ghn2/ghn2.safetensors {output.weights} 2> {log} && "
        "cp $(dirname {input.rows})/ghn2/ghn2.json {output.card} 2>> {log}"


rule ship_weights:
    input:
        epochs=lambda w: [
            "<results>/predictors/{}/seed{}/epochs.safetensors".format(
                CONFIG.shipped[w.shipped].predictor, seed
            )
            for seed in range(CONFIG.seeds)
        ],
        embeddings=lambda w: f"<weights>/{shipped_row(w).embedding}.parquet",
        target=target_of_shipped,
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
        ranking=lambda w: ranking_of(
            CONFIG.shipped[w.shipped].measured_on or "nasbench201"
        ),
        code=lambda w: method_digest("ship_weights", shipped_row(w).method),
    script:
        "../workflow/scripts/ship_weights.py"
