"""How a network is fitted: epochs, batches, AdamW and its stepped rate."""

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from tgnas.validation import Keys


class Optimisation(Keys):
    """The settings of ``training.fit``; the defaults are the authors' code."""

    epochs: PositiveInt = 100
    """Passes over the training architectures."""
    batch: PositiveInt = 128
    """Architectures in one step."""
    learning_rate: PositiveFloat = 1e-3
    """AdamW's learning rate at the start."""
    weight_decay: NonNegativeFloat = 0.01
    """AdamW's weight decay, on every parameter."""
    step_epochs: PositiveInt = 40
    """The learning rate is multiplied by lr_gamma after so many epochs, again and again."""
    lr_gamma: PositiveFloat = 0.1
    """The factor of the learning rate."""

    def scaled_to(self, epochs: int) -> "Optimisation":
        """Return the settings with other epochs; the rate steps at the same shares of them."""
        step = max(1, round(self.step_epochs * epochs / self.epochs))
        return self.model_copy(update={"epochs": epochs, "step_epochs": step})
