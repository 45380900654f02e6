"""The card of a proxy that is measured on a network."""

from dataclasses import dataclass

from tgnas.methods.card import Card

NEEDS = ("nothing", "weights", "noise", "images", "labels", "backward")
COSTS = ("counting", "forward", "backward", "second order", "backward of each image")


@dataclass(frozen=True, slots=True)
class NetworkCard(Card):
    """What a reader must know before trusting a proxy's number.

    ``needs`` names, with commas between them, which of ``NEEDS`` the proxy consumes.

    Attributes:
        cost: which of ``COSTS`` the work grows with.
        spaces: the search spaces whose networks it can score; none named means all.
        certain: whether the formula is known from the paper or its code; one that is not is left
            out of claims.
    """

    cost: str = "counting"
    spaces: tuple[str, ...] = ()
    certain: bool = True
