"""TransNAS-Bench-101's cells (Duan et al., CVPR 2021): 4 nodes, 6 edges, 4,096 members.

An architecture string gives the base width, the network's modules and, node by node, the operator
of every incoming edge: 0 none, 1 skip, 2 convolution 1x1, 3 convolution 3x3::

    64-41414-1_02_333

Every cell of the network is the same; ``tgnas.costs.transnas_micro`` says where it changes the
shape. ``transnas_micro.yaml`` defines the space.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("transnas_micro")
