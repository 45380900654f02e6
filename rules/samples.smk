# What the rules on samples use: who is asked about which, and the digests of their code.

SAMPLES = {}
for sample in config["proxies"]["samples"]:
    SAMPLES[sample["benchmark"]] = sample | {"inputs": "cifar10"}
    # Only proxies of networks see images, and only networks of labelled data sets are asked.
    for dataset in config["proxies"]["inputs"]:
        if dataset in sample["labels"]["datasets"]:
            further = {"inputs": dataset, "methods": []}
            SAMPLES[f"{sample['benchmark']}_{dataset}"] = sample | further
# What is compared; beside it stands what only searches ask for.
COMPARED = list(SAMPLES)
PATTERNS = "nasbench201_patterns"
SAMPLES[PATTERNS] = {
    key: config["reduced_networks"][key] for key in ("shards", "size")
} | {"benchmark": "nasbench201", "space": "nasbench201", "inputs": "cifar10"}
# Cells of NAS-Bench-101 as networks of uniform width: what distilled predictors learn from.
SAMPLES[DISTILLED] = config["reduced_networks"]["distillation"] | {
    "benchmark": DISTILLED_BENCHMARK,
    "space": DISTILLED_BENCHMARK,
    "networks": "uniform_width",
    "inputs": "cifar10",
    "size": config["reduced_networks"]["size"],
}
# Few enough that all methods are timed within minutes of each other, on one core.
TIMED_SAMPLE = "nasbench201_timed"
SAMPLES[TIMED_SAMPLE] = SAMPLES["nasbench201"] | {
    "architectures": config["proxies"]["timed"],
    "shards": 1,
}


wildcard_constraints:
    sampled="|".join(SAMPLES),
    network_proxy="|".join(NETWORK_PROXIES.names()),
    baseline="|".join(GRAPH_PROXIES.names()),
    shard=r"\d+",
    inputs="|".join(DATASETS),


def table_of_sample(w):
    """Return the benchmark that a job's sample is drawn from."""
    return f"<benchmark_tables>/{SAMPLES[w.sampled]['benchmark']}.arrow"


def methods_of_sample(sampled):
    """Return who scores a sample: its methods, then the proxies that know its networks.

    The proxies' cards import torch, so this is for input functions, which few runs call.
    """
    from tgnas.scoring.harness import scores_network_of

    sample, proxies = SAMPLES[sampled], CONFIG.proxies.compared
    able = [name for name in proxies if scores_network_of(name, sample["space"])]
    return [*sample["methods"], *able]


def scores_of_sample(sampled):
    """Return the tables of scores of a sample."""
    return [table_of_scores(sampled, name) for name in methods_of_sample(sampled)]


def table_of_scores(sampled, method):
    """Return the table of a method's scores of a sample."""
    return f"<results>/proxies/scores/{sampled}/{method}.parquet"


def ranking_of_sample(sampled):
    """Return the config's section on ranking with the labels of a sample."""
    kept = ("top_share", "at", "resamples", "level")
    return {key: config["ranking"][key] for key in kept} | SAMPLES[sampled]["labels"]


def network_settings(sampled):
    """Return what a score of a network depends on beside architecture and proxy."""
    keys = ("seed", "batch", "initialisation")
    size = {"size": SAMPLES[sampled]["size"]}
    return {key: config["proxies"][key] for key in keys} | size


def embedding_of(predictor):
    """Return what a predictor's sentence vectors are made by."""
    return config["embeddings"][PREDICTOR_ROWS[predictor]["embedding"]]


def space_module(w):
    """Return the module of the space of a job's sample."""
    return f"tgnas.spaces.{SAMPLES[w.sampled]['space']}"


def networks_of(w):
    """Return what builds the networks of a job's sample."""
    return SAMPLES[w.sampled].get("networks", SAMPLES[w.sampled]["space"])


def network_proxy_digest(script, w):
    """Return the digest of a script that scores networks of a sample with a proxy."""
    modules = f"tgnas.networks.{networks_of(w)}"
    proxy = f"tgnas.methods.network_proxies.{w.network_proxy}"
    return digest(script, proxy, modules, space_module(w))


def baseline_digest(script, w):
    """Return the digest of a script that scores cells of a sample with a proxy."""
    network = f"tgnas.networks.{SAMPLES[w.sampled]['space']}"
    return digest(
        script, f"tgnas.methods.graph_proxies.{w.baseline}", network, space_module(w)
    )
