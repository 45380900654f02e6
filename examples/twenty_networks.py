"""Train twenty small networks of NAS-Bench-201 on scikit-learn's digits, four at a time.

Run it in the root of a checkout: ``python examples/twenty_networks.py``. It may be killed and
called again: the table is all that it keeps.
"""

import sys
from pathlib import Path

import pandas as pd
import torch

import tgnas
from tgnas.image_training.digits import open_digits
from tgnas.image_training.digits_bench import measure_architecture
from tgnas.image_training.processes import joined
from tgnas.image_training.recipe import read_recipe


def main(table: Path, networks: int = 20, together: int = 4, epochs: int = 6) -> pd.DataFrame:
    """Train networks until the table has so many, and return it.

    Args:
        table: a CSV file of what has been trained; it need not be there yet.
        networks: how many it shall have.
        together: those that are suggested at once.
        epochs: of each training.
    """
    torch.set_num_threads(1)
    recipe = read_recipe(Path("config/recipes/digits.yaml"), {"epochs": epochs})
    columns = ["architecture", "accuracy", "test_accuracy", "why"]
    known = pd.read_csv(table) if table.exists() else pd.DataFrame(columns=columns)
    with joined() as process:
        digits = open_digits(recipe, process)
        while len(known) < networks:
            count = min(together, networks - len(known))
            given = known.architecture.tolist(), known.accuracy.tolist()
            for row in tgnas.suggest("nasbench201", *given, count=count).to_pylist():
                trained = measure_architecture(
                    "nasbench201", row["architecture"], recipe, digits, seeds=1
                )
                accuracies = trained["validation_accuracy/0"], trained["test_accuracy/0"]
                known.loc[len(known)] = [row["architecture"], *accuracies, row["why"]]
            known.to_csv(table, index=False)
    return known


if __name__ == "__main__":
    found = main(Path(sys.argv[1] if len(sys.argv) > 1 else "trained.csv"))
    best = found.loc[found.accuracy.idxmax()]
    said = f"{best.accuracy:.2f} % validation, {best.test_accuracy:.2f} % test"
    sys.stdout.write(f"{best.architecture}: {said}\n")
