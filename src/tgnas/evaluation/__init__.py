"""Numbers from scores and accuracies."""
