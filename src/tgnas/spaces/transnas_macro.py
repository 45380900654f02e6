"""TransNAS-Bench-101's macro space (Duan et al., CVPR 2021): 4 to 6 modules, 3,256 members.

An architecture string gives the base width and each module's digit, from the image to the decoder::

    64-1234-basic

A module is two residual blocks of two 3x3 convolutions: 1 changes no shape, 2 doubles the channels,
3 halves the resolution, 4 does both. One to three modules double the channels and one to four halve
the resolution. ``transnas_macro.yaml`` defines the space; its cell is the chain of modules.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("transnas_macro")
