"""NAS-Bench-Macro (Su et al., CVPR 2021): 8 blocks in a chain, 3 operators, 6,561 members.

An architecture string gives each block's operator as a digit, from the image to the classifier::

    22212220

Blocks 1, 3 and 6 begin a stage: they halve the image and change the channels, and even their
identity has a strided convolution. Within the rest of a stage (block 2; 4 and 5; 7 and 8) a true
identity changes nothing wherever it stands, so the 6,561 strings name 3,969 networks
(``get_real_arch`` in xiusu/NAS-Bench-Macro, train/utils.py).

``nasbench_macro.yaml`` defines the space. The cell says what the network computes. MobileNetV2's
blocks add to their input where the shape stays (Sandler et al., CVPR 2018), so a block hears the
sum of all blocks of its stage before it; a block that is left out adds nothing: within a stage the
digit 0 is the zero operator.
"""

from tgnas.spaces.space import built_in

SPACE = built_in("nasbench_macro")
STAGES = (1, 3, 6)
