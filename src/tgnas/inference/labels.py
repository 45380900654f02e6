"""Tables of architectures with accuracies, as suggest, search --oracle and train read them.

A row without an accuracy is one that is being trained; of several accuracies of one architecture
the mean counts.
"""

import numpy as np

from tgnas.inference.streaming import Source
from tgnas.methods.zero_shot import bare
from tgnas.spaces.architectures import Architectures
from tgnas.spaces.space import Space
from tgnas.training.splits import TrainingSet


def read_labels(source: Source, column: str, space: Space) -> TrainingSet:
    """Return the architectures of a file; the accuracy of one that is being trained is NaN.

    Raises:
        DataError: a row is no architecture of the space, or its accuracy is no number, and is not
            to be skipped; or there is no such column.
        UnreadableFileError: the file cannot be read.
    """
    parts, labels = [space.architectures([])], [np.empty(0)]
    for chunk, architectures in source.architectures(space):
        source.require(column, chunk.table.column_names)
        texts = chunk.text(column).to_pylist()
        labelled = np.array([bool(text and text.strip()) for text in texts], dtype=bool)
        accuracies = np.full(len(labelled), np.nan)
        accuracies[labelled] = source.column(chunk.kept(labelled), column)
        read = ~labelled | np.isfinite(accuracies)  # others were skipped
        parts.append(architectures[read])
        labels.append(accuracies[read])
    source.check_some(sum(map(len, labels)))
    return TrainingSet(Architectures.concatenate(parts), np.concatenate(labels), space.name)


def once_each(known: TrainingSet) -> TrainingSet:
    """Return the different architectures that have an accuracy, each with the mean of its own."""
    rows = np.flatnonzero(np.isfinite(known.labels))
    architectures = bare(known.architectures[rows])
    different, places = architectures.distinct()
    means = np.bincount(places, known.labels[rows]) / np.bincount(places)
    return TrainingSet(architectures[different], means, known.space)
