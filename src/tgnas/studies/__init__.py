"""What a system measures beyond scores of cells: a file for each study, run by the rule `study`."""
