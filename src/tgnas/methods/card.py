"""The card of a method: where it comes from and where ours differs."""

from dataclasses import dataclass

NEEDS = ("nothing", "weights", "noise", "images", "labels", "tokens", "backward")
REQUIREMENTS = (
    "layers with weights",
    "convolution",
    "ReLU",
    "batch normalisation",
    "global average pool",
    "blocks (stem and stages)",
    "a small network",
    "a network of NAS-Bench-201",
    "recurrent layers",
    "mixers of tokens",
    "feed-forward layers",
    "embeddings of places",
)
COSTS = ("counting", "forward", "backward", "second order", "backward of each image")


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader must know before trusting a method's number.

    Attributes:
        title: how tables call it.
        reference: paper and place in it.
        needs: what it consumes, e.g. "weights", "data", "labels of the training space", "nothing".
        deviations: where this implementation differs from the paper or its code.
    """

    title: str
    reference: str
    needs: str
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkCard(Card):
    """What a reader must know before trusting a proxy's number.

    ``needs`` names, with commas between them, which of ``NEEDS`` the proxy consumes.

    Attributes:
        cost: which of ``COSTS`` the work grows with.
        spaces: the search spaces whose networks it can score; none named means all.
        requires: which of ``REQUIREMENTS`` a network must have; without one its score is NaN.
        certain: whether the formula is known from the paper or its code; one that is not is left
            out of claims.
    """

    cost: str = "counting"
    spaces: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    certain: bool = True
