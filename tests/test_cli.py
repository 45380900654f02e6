"""The command ``tgnas``: what it writes, how it fails."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from tgnas.cli import app
from tgnas.inference.asked import available
from tgnas.inference.pretrained import load_pretrained, read_card
from tgnas.registry import SEARCHERS
from tgnas.spaces.space import open_space

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
BEST = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2|".format("nor_conv_3x3")
CUT = BEST.replace("nor_conv_3x3", "none")


def tgnas(*arguments: object, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=text)


def score(file: Path, *more: object, space: object = "nasbench201", text: str | None = None):
    return tgnas("score", "--space", space, "--architectures", file, *more, text=text)


def write(path: Path, *architectures: str) -> Path:
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["name", "architecture"])
        rows.writerows([f"a{n}", text] for n, text in enumerate(architectures))
    return path


def test_score_writes_the_columns_that_it_read_with_the_score(tmp_path):
    file, to = write(tmp_path / "a.csv", BEST, CUT, BEST), tmp_path / "b.csv"
    assert score(file, "--output", to, "--spread").exit_code == 0
    rows = list(csv.DictReader(io.StringIO(to.read_text())))
    assert [row["name"] for row in rows] == ["a0", "a1", "a2"]
    found, texts = load_pretrained(), [BEST, CUT, BEST]
    assert [float(r["score"]) for r in rows] == pytest.approx(found.score(texts, "nasbench201"))
    assert [float(r["spread"]) for r in rows] == pytest.approx(found.spread(texts, "nasbench201"))


def test_a_count_has_no_seeds_and_so_no_spread(tmp_path):
    file, to = write(tmp_path / "a.csv", BEST, CUT), tmp_path / "b.csv"
    asked = ("--predictor", "params", "--output", to, "--spread")
    searched = ("--space", "nasbench201", "--searcher", "random", "--budget", 3, *asked)
    for done in (score(file, *asked), tgnas("search", *searched)):
        assert done.exit_code == 2
        assert "has no seeds" in done.stderr
        assert not to.exists()
    assert score(file, "--predictor", "params+canonical", *asked[2:]).exit_code == 0


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_same_scores(tmp_path, suffix):
    table = pa.table({"architecture": [BEST, CUT], "number": [1, 2]})
    file, to = tmp_path / "a.parquet", tmp_path / f"b.{suffix}"
    pq.write_table(table, file)
    assert score(file, "--output", to).exit_code == 0
    assert score(to, "--output", tmp_path / "c.csv").exit_code == 1  # it has a score already
    read = {
        "csv": lambda: [float(row["score"]) for row in csv.DictReader(io.StringIO(to.read_text()))],
        "jsonl": lambda: [json.loads(line)["score"] for line in to.read_text().splitlines()],
        "parquet": lambda: pq.read_table(to).column("score").to_pylist(),
    }[suffix]()
    assert read == pytest.approx(load_pretrained().score([BEST, CUT], "nasbench201"))


def test_json_lines_keep_objects_and_other_values(tmp_path):
    lines = (EXAMPLES / "own_architectures.jsonl").read_text().splitlines()
    given = [json.loads(line) | {"more": [1, {"a": None}]} for line in lines]
    file, to = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    file.write_text("\n".join(map(json.dumps, given)))
    assert score(file, "--output", to, space=EXAMPLES / "own_space.yaml").exit_code == 0
    found = [json.loads(line) for line in to.read_text().splitlines()]
    assert [{k: v for k, v in row.items() if k != "score"} for row in found] == given


def test_standard_input_and_output_are_read_and_written():
    done = score("-", text=f'architecture\n"{BEST}"\n')
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["architecture"] == BEST
    assert "scored 1 architecture in" in done.stderr


def test_a_faulty_row_is_named_and_nothing_is_written(tmp_path):
    file, to = write(tmp_path / "a.csv", BEST, BEST.replace("conv", "cnv", 1)), tmp_path / "b.csv"
    done = score(file, "--output", to)
    assert done.exit_code == 1
    assert "row 2, column 'architecture'" in done.stderr
    assert "did you mean 'nor_conv_3x3'" in done.stderr
    assert "known: avg_pool_3x3" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]


def test_faulty_rows_can_be_skipped_and_are_counted(tmp_path):
    file, to = write(tmp_path / "a.csv", "x", BEST, "y", CUT), tmp_path / "b.csv"
    done = score(file, "--output", to, "--on-error", "skip")
    assert done.exit_code == 0
    assert "skipped 2 rows; the first:" in done.stderr
    assert "row 1" in done.stderr
    assert [row["name"] for row in csv.DictReader(io.StringIO(to.read_text()))] == ["a1", "a3"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no column 'architecture'"),
        ("network\nx\n", "its columns are 'network'"),
        ("architecture,architecture\nx,y\n", "several columns 'architecture'"),
        ("architecture,b\nx\n", "row 1: 1 value; the header names 2"),
        ("architecture,score\nx,y\n", "row 1"),
        (f"architecture,score\n{BEST},1\n", "a column 'score' already"),
        ("architecture\n\xff\n", "is no CSV"),
    ],
)
def test_a_faulty_file_is_told_in_one_line(tmp_path, content, message):
    file = tmp_path / "a.csv"
    file.write_bytes(content.encode("latin-1"))
    done = score(file)
    assert done.exit_code == 1
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "evaluate --accuracy-column accuracy --architectures",
        "rank --predictor column:accuracy --architectures",
        "score --predictor column:accuracy --architectures",
        "search --oracle",
        "suggest --count 2 --known",
        "train --output a.safetensors --benchmark",
    ],
)
def test_a_table_without_the_column_is_data_to_mend_whichever_command_reads_it(
    tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a.csv"
    file.write_text(f"architecture,acc\n{BEST},90\n")
    done = tgnas(*command.split(), file, "--space", "nasbench201")
    assert done.exit_code == 1
    asked = "a.csv: there is no column 'accuracy' (did you mean 'acc'?); its columns are"
    assert asked in done.stderr.replace("\n", " ")


def test_a_faulty_line_of_json_is_named(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"architecture": BEST}) + "\n{oops\n")
    done = score(file)
    assert done.exit_code == 1
    assert "row 2: not JSON" in done.stderr
    assert score(file, "--on-error", "skip").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "--space", "nasbench20", "--architectures", "-"),
        ("score", "--space", "nasbench201", "--architectures", "a.xlsx"),
        ("score", "--space", "nasbench201", "--architectures", "-", "--predictor", "canonicle"),
        ("score", "--space", "nasbench201"),
        ("search", "--space", "nasbench201", "--searcher", "luck"),
        ("train", "--space", "nasbench201", "--benchmark", "a.csv", "--output", "a.pt"),
        ("describe", BEST, "--space", "nasbench201", "--png", "a.jpg"),
    ],
)
def test_a_wrong_command_ends_with_two(arguments):
    done = tgnas(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_the_machines_fault(tmp_path):
    assert score(tmp_path / "none.csv").exit_code == 3


def test_a_file_without_a_row_gives_its_header(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("architecture\n")
    assert score(file).stdout.strip() == "architecture,score"


def test_rank_writes_the_best_first(tmp_path):
    file = write(tmp_path / "a.csv", CUT, BEST, CUT)
    done = tgnas("rank", "--space", "nasbench201", "--architectures", file, "--top", 2)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["rank"] for row in rows] == ["1", "2"]
    scores = load_pretrained().score([CUT, BEST], "nasbench201")
    first = ["a0", "a2"] if scores[0] > scores[1] else ["a1", "a0"]
    assert [row["name"] for row in rows] == first


@pytest.mark.parametrize("command", ["score", "rank"])
def test_a_shard_is_a_part_of_the_rows(tmp_path, command):
    file = write(tmp_path / "a.csv", BEST, CUT, BEST, CUT)
    common = ["--space", "nasbench201", "--architectures", file, "--output", tmp_path / "b.csv"]
    assert tgnas(command, *common, "--shard", "2/2").exit_code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "b.csv").read_text())))
    assert [row["name"] for row in rows] == ["a2", "a3"]


@pytest.mark.parametrize("shard", ["3/2", "0/2", "2", "a/b"])
def test_a_shard_that_is_none_is_told_what_is_allowed(tmp_path, shard):
    done = score(write(tmp_path / "a.csv", BEST), "--shard", shard)
    assert done.exit_code == 2
    assert "is no shard; allowed are 1/N" in done.stderr.replace("\n", " ")


def test_standard_input_has_no_shards():
    done = score("-", "--shard", "1/2", text="architecture\n")
    assert done.exit_code == 2
    assert "standard input has no parts" in done.stderr


def test_evaluate_measures_against_a_column_of_accuracies(tmp_path):
    space = open_space("nasbench201")
    texts = space.format(
        space.of_choices([[n, n, 3, 1, k, 2] for n in range(5) for k in (1, 3, 4)])
    )
    scores = load_pretrained().score(texts, "nasbench201")
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"architecture": texts, "truth": scores}), file)
    common = ("--space", "nasbench201", "--architectures", file)
    done = tgnas("evaluate", *common, "--accuracy-column", "truth")
    facts = json.loads(done.stdout)
    assert facts["kendall_tau"] == pytest.approx(1)
    assert facts["architectures"] == 15
    assert facts["interval"] == pytest.approx([1, 1])
    assert facts["baseline"]["name"] == "params"
    assert facts["baseline"]["kendall_tau"] < 1
    low, high = facts["difference"]["interval"]
    assert 0 < low <= 1 - facts["baseline"]["kendall_tau"] <= high
    assert facts["conclusion"] == "the scores rank better than params"
    assert facts["learned"] == ["nasbench201"]
    assert "universal has learned labels of nasbench201: where those were of these" in done.stderr
    assert tgnas("evaluate", *common, "--accuracy-column", "thruth").exit_code == 1


ANYWHERE = [name for name in SEARCHERS.names() if name != "alphanas"]  # it needs programs
OF_SCORES = [n for n in ANYWHERE if "scores" in SEARCHERS.module(n).CARD.needs]


@pytest.mark.parametrize("searcher", OF_SCORES)
def test_every_searcher_keeps_to_its_budget(tmp_path, searcher):
    file = tmp_path / "small.yaml"
    file.write_text(
        "name: small\noperators: {conv: conv_3x3, pool: max_pool_3x3, skip: identity}\n"
        "cells: {form: blocks, length: 3}\n"
    )
    done = tgnas("search", "--space", file, "--searcher", searcher, "--budget", 400)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["queries"] <= 400
    score = load_pretrained().score([found["architecture"]], file)[0]
    assert found["score"] == pytest.approx(score, abs=1e-5)


def test_alphanas_searches_programs_and_says_so_elsewhere():
    done = tgnas("search", "--space", "programs", "--searcher", "alphanas", "--budget", 60)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["queries"] == 60
    done = tgnas("search", "--space", "nats", "--searcher", "alphanas", "--budget", 60)
    assert done.exit_code == 1
    assert "of nasbench201 are none; search the space programs" in done.stderr


def test_a_searcher_of_choices_refuses_a_space_without_them_and_says_which_searchers_need_none():
    done = tgnas("search", "--space", "nasbench101", "--searcher", "pruning")
    assert done.exit_code == 1
    assert "pruning needs independent choices, which nasbench101 does not have" in done.stderr
    assert "regularised_evolution" in done.stderr


def test_a_space_without_choices_is_searched_by_its_own_mutations():
    searcher = ("--searcher", "regularised_evolution", "--budget", 30)
    done = tgnas("search", "--space", "nasbench101", *searcher)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["queries"] == 30


def test_search_takes_another_searcher_where_tg_nas_s_own_cannot_search_and_says_why(tmp_path):
    space = ("--space", "nasbench101", "--budget", 30)
    done = tgnas("search", *space)
    assert done.exit_code == 0, done.stderr
    told = "searched by regularised_evolution, not hybrid: "
    assert f"{told}pruning needs independent choices" in done.stderr
    named = tgnas("search", *space, "--searcher", "regularised_evolution")
    assert done.stdout == named.stdout
    assert "searched by" not in named.stderr
    done = tgnas("search", "--space", "nasbench201", "--budget", 30)
    assert f"{told}hybrid needs a budget of at least" in done.stderr
    assert json.loads(done.stdout)["queries"] == 30


def test_a_space_of_one_architecture_is_searched_by_every_searcher(tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text(
        "name: one\noperators: {conv: conv_3x3}\n"
        "cells: {form: operators_on_edges, nodes: 2, edges: [[0, 1]], string: '{0-1}'}\n"
    )
    for searcher in OF_SCORES:
        done = tgnas("search", "--space", file, "--searcher", searcher, "--budget", 20)
        assert done.exit_code == 0, (searcher, done.stderr)
        assert json.loads(done.stdout)["architecture"] == "conv"


RECIPE = ROOT / "config" / "recipes" / "nasbench201.yaml"


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"--recipe": "none.yaml"}, 3, "none.yaml: cannot be read: No such file"),
        ({"--set": "epoch=3"}, 2, "did you mean 'epochs'"),
        ({"--set": "epochs"}, 2, "is not KEY=VALUE"),
        ({"--set": "epochs=[3"}, 2, "is not KEY=VALUE"),
        (
            {"--set": "epochs=many"},
            2,
            "epochs: 'many' is not allowed; it should be a whole number",
        ),
        ({"--architecture": "|none~0|"}, 1, "|none~0|"),
        ({"--architecture": "none.json"}, 3, "none.json"),
        ({"--images": "none.tar.gz"}, 3, "none.tar.gz: cannot be read: No such file"),
    ],
)
def test_a_training_that_cannot_start_says_why_in_a_line(tmp_path, changed, code, message):
    options = {"--recipe": RECIPE, "--architecture": BEST, "--images": "none.tar.gz"}
    options |= {"--output": tmp_path / "run"} | changed
    done = tgnas("train-network", *(part for pair in options.items() for part in pair))
    assert message in done.stderr
    assert done.exit_code == code
    assert "Traceback" not in done.stderr


def test_a_file_without_an_architecture_is_told(tmp_path):
    (tmp_path / "best.json").write_text("[]")
    images = ("--images", "none", "--output", tmp_path / "run")
    found = ("--architecture", tmp_path / "best.json")
    done = tgnas("train-network", "--recipe", RECIPE, *found, *images)
    assert done.exit_code == 1
    assert "holds no JSON object with an 'architecture'" in done.stderr


@pytest.mark.parametrize("command", ["spaces", "methods"])
def test_what_there_is_is_listed(command):
    done = tgnas(command)
    assert done.exit_code == 0
    expected = {
        "spaces": ["nasbench_macro"],
        "methods": ["differential_evolution", "graph proxy", "zero-cost proxy", "synflow", "darts"],
    }[command]
    assert all(name in done.stdout for name in expected)


def test_a_card_says_what_was_not_reached():
    done = tgnas("methods", "bossnas")
    assert done.exit_code == 0
    assert "not reached" in done.stdout and "Kendall's tau of .4 is not reached" in done.stdout
    assert "did you mean 'bossnas'" in tgnas("methods", "bosnas").stderr


@pytest.mark.parametrize("name", available())
def test_methods_shows_what_a_trained_predictor_has_learned_and_where_it_was_measured(name):
    lines = tgnas("methods", name).stdout.splitlines()
    card = read_card(None, name)
    learned = [line for line in lines if line.startswith("  trained on ")]
    assert [line.split()[2] for line in learned] == [f"{source}:" for source in card["trained_on"]]
    assert any(line.startswith("  measured on ") and "tau" in line for line in lines)


@pytest.mark.parametrize("predictor", ["universal", "params+universal"])
def test_a_predictor_that_cannot_score_encoders_is_told_which_counts_can(tmp_path, predictor):
    file = write(tmp_path / "encoders.csv", "SA-WMA-4:1024x3|LT-DCT-2:512x1 width=256")
    done = score(file, "--predictor", predictor, space="flexibert")
    assert done.exit_code == 1
    (counts,) = re.findall(r"cannot score flexibert: .* --predictor (.*) can$", done.stderr, re.M)
    for count in counts.replace(" or ", ", ").split(", "):
        assert score(file, "--predictor", count, space="flexibert").exit_code == 0
    assert "random" not in counts


def test_describe_draws_a_cell_and_says_its_size(tmp_path):
    picture = tmp_path / "cell.png"
    done = tgnas("describe", BEST, "--space", "nasbench201", "--png", picture)
    assert done.exit_code == 0, done.stderr
    assert "canonical graph" in done.stdout
    # The benchmark's largest network: 1.531546 million parameters.
    assert "1,531,546 (10 classes, images of 32 pixels)" in done.stdout
    assert "FLOPs" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_space_file_is_checked_with_architectures_of_it():
    common = ("space", "check", EXAMPLES / "own_space.yaml", "--architectures")
    done = tgnas(*common, EXAMPLES / "own_architectures.csv")
    assert done.exit_code == 0
    assert "4 architectures, all of this space" in done.stdout
    assert tgnas("space", "check", EXAMPLES / "own_architectures.csv").exit_code == 2


def test_the_check_of_a_space_file_says_why_it_shows_no_architecture():
    done = tgnas("space", "check", EXAMPLES / "node_cells.yaml")
    assert done.exit_code == 0
    said = " ".join(done.stderr.split())
    assert "no architecture is shown: node_cells: flops may be any number" in said


def test_the_check_of_a_space_file_says_whether_its_scores_tell_anything(tmp_path):
    file = tmp_path / "shuffled.yaml"
    operators = "{conv_3x3: Average pooling 3 by 3, conv_1x1: {kind: zero}, pool: conv_3x3}"
    cells = "{form: operators_on_edges, nodes: 4}"
    file.write_text(f"name: shuffled\noperators: {operators}\ncells: {cells}\n")
    done = tgnas("space", "check", file)
    assert done.exit_code == 0
    assert "universal cannot tell: the names of 'conv_3x3'" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_a_predictor_learns_from_ones_own_architectures_with_new_operators(tmp_path):
    file, weights = tmp_path / "a.csv", tmp_path / "mine.safetensors"
    space = open_space(EXAMPLES / "own_space.yaml")
    rows = np.random.default_rng(0).integers(5, size=(120, 5))
    # What sep7 is worth can only be learned here: the others cost.
    texts = zip(space.format(space.of_choices(rows)), rows.tolist(), strict=True)
    lines = [f'"{text}",{row.count(1)}' for text, row in texts]
    file.write_text("\n".join(["architecture,accuracy", *lines]))
    common = ("--space", EXAMPLES / "own_space.yaml")
    options = ("--seeds", 2, "--epochs", 300, "--output", weights)
    done = tgnas("train", *common, "--benchmark", file, *options)
    assert done.exit_code == 0, done.stderr
    asked = ("--architectures", file, "--accuracy-column", "accuracy", "--predictor", weights)
    facts = json.loads(tgnas("evaluate", *common, *asked).stdout)
    assert facts["spearman_rho"] > 0.7
    assert len(load_pretrained(weights).ensemble().members) == 2


def commands(path: Path) -> list[str]:
    """Return the lines of a document that call tgnas and can be run as they stand."""
    lines = path.read_text().splitlines()
    return [line for line in lines if line.startswith("tgnas ") and "mine" not in line]


@pytest.mark.parametrize(
    "line", [*commands(ROOT / "docs" / "own-space.md"), *commands(ROOT / "README.md")]
)
def test_the_commands_of_the_documents_run(line, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)[1:]
    if "--python" in words:  # torch.fx cannot look through the types that tests check
        command = [sys.executable, "-m", "tgnas", *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        subprocess.run(command, check=True, env=environment, capture_output=True)
        return
    done = tgnas(*words)
    assert done.exit_code == 0, done.stderr


def test_the_python_examples_of_the_readme_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = (ROOT / "README.md").read_text().split("```python\n")[1:]
    assert blocks
    for block in blocks:
        code = block.split("```")[0]
        assert len(code.strip().splitlines()) <= 5
        exec(compile(code, "README.md", "exec"), {})


def test_a_shell_completes_commands():
    asked = {"_TGNAS_COMPLETE": "complete_bash", "COMP_WORDS": "tgnas desc", "COMP_CWORD": "1"}
    assert CliRunner().invoke(app, [], env=asked, prog_name="tgnas").stdout.strip() == "describe"
