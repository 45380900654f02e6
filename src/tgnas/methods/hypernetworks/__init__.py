"""Networks that predict the parameters of other networks."""
