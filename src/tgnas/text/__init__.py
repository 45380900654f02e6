"""Text as a task: words of the Declaration of Independence, in batches."""
