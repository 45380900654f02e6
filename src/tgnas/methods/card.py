"""The card of a method: where it comes from and where ours differs."""

from dataclasses import dataclass


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
