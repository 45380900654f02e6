"""Small networks of our own that differ in the channels of their five blocks, ``32:24:4:16:8``.

``small_widths.yaml`` defines the space.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("small_widths")
