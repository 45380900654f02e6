"""Small macro networks of our own: blocks that widen, that halve the resolution, or keep the shape.

An architecture string names the blocks and the channels of the stem, ``4acd1 width=16``.
``small_macro.yaml`` defines the space.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("small_macro")
