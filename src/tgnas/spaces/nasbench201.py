"""NAS-Bench-201 (Dong and Yang, ICLR 2020): 4 vertices, 6 edges, 5 operators, 15,625 members.

An architecture string lists, vertex by vertex, the operator of every incoming edge::

    |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|

``nasbench201.yaml`` defines the space, which is the topology space of NATS-Bench too. Its cell is
the line graph of the authors' code (YeQiao/TG-NAS): vertices are input, the edges 0->1, 0->2,
1->2, 0->3, 1->3, 2->3, and output; an operator receives from all that end in its source vertex.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("nasbench201")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # as operators stand in the string
