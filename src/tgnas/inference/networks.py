"""The torch network of an architecture, and what other tools read of it."""

import inspect
import keyword
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, fx, nn

from tgnas.errors import ConfigError, DataError, ResourceError, UnknownNameError, words_of
from tgnas.files import written_whole
from tgnas.inference.arguments import checked
from tgnas.inference.pretrained import Where
from tgnas.methods.hypernetworks import ghn2
from tgnas.methods.hypernetworks._handover import scaled
from tgnas.networks.described import network_of_description
from tgnas.networks.programs import network_of_program
from tgnas.registry import NETWORKS
from tgnas.spaces.programs import SPACE as PROGRAMS
from tgnas.spaces.skeleton import ON_TOKENS
from tgnas.spaces.space import Architecture, Space, open_space
from tgnas.training.seeds import seeded

HYPERNETWORK = (
    Path(str(resources.files("tgnas"))) / "weights" / "hypernetworks" / "ghn2.safetensors"
)
CLOSE = 1e-3  # what another runtime may differ by, beside the largest logit


@checked
def build_network(
    architecture: Architecture,
    space: Where,
    classes: int = 10,
    size: Mapping[str, int] | None = None,
    seed: int = 0,
) -> nn.Module:
    """Return the torch network of an architecture, untrained, in training mode.

    Those of built-in spaces are their benchmark's. Of a space file, cells stand in NAS-Bench-201's
    skeleton and blocks follow each other; an operator names its module in the file
    (``tgnas.networks.described``).

    Args:
        architecture: its string, or a JSON object.
        space: a built-in space's name, the path of a space file, or a space.
        classes: number of logits.
        size: e.g. {"channels": 16, "repeats": 5}; what is not named is as in the benchmark.
        seed: of the initial weights.

    Raises:
        InvalidCellError: the architecture is not in the space.
        UnknownNameError: nor is an operator, or there is no such space or size.
        ConfigError: an operator names no module, or one that does not fit; or the space's networks
            read tokens, which `tgnas.networks.recurrent` and `tgnas.networks.transformer` build.
    """
    opened, size = open_space(space), size or {}
    build = _builder(opened)
    known = [n for n in inspect.signature(build).parameters if n not in ("member", "classes")]
    for name in size:
        if name not in known:
            raise UnknownNameError(f"size of a network of {opened.name}", name, known)
    with seeded(seed):
        return build(architecture, classes, **size).train()


def _builder(space: Space) -> Callable[..., nn.Module]:
    """Return what builds the networks of a space of an architecture, classes and sizes."""
    if space.skeleton.form in ON_TOKENS:
        raise ConfigError(f"{space.name}: networks that read tokens are not built here")
    if space is PROGRAMS:

        def program(member: Any, classes: int, channels: int = PROGRAMS.network.width) -> nn.Module:
            return network_of_program(member, classes, channels)

        return program
    if space.name not in NETWORKS.names() or space is not _built_in(space.name):

        def described(member: Any, classes: int, channels: int = 16, repeats: int = 5) -> nn.Module:
            return network_of_description(space, member, classes, channels, repeats)

        return described
    build = NETWORKS.load(space.name)

    def of_benchmark(member: Any, classes: int, **size: int) -> nn.Module:
        return build(space.parse(member).member(0), classes, **size)

    sizes = list(inspect.signature(build).parameters.values())[1:]
    member = inspect.Parameter("member", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    of_benchmark.__signature__ = inspect.Signature([member, *sizes])  # type: ignore[attr-defined]
    return of_benchmark


def _built_in(name: str) -> Space:
    return open_space(name)


def write_predicted(network: nn.Module, path: Path, weights: Path | None = None) -> tuple[int, int]:
    """Write a network's state_dict with the parameters that a hypernetwork predicts of it.

    Kernels before a batch normalisation are as large as Kaiming's, which changes nothing but how
    far a step of training turns them. Batch normalisations keep the running statistics of a new
    network: predicted weights work on the statistics of a batch, as in the paper, until a pass over
    images has set them.

    Args:
        network: any network of convolutions, dense layers and batch normalisations.
        path: a file .safetensors.
        weights: of a hypernetwork; those of the package, which has learned from digits.

    Returns:
        How many parameters are predicted, and how many there are.

    Raises:
        ConfigError: a parameter of another kind or size than is predicted.
        UnreadableFileError: there is no such file of weights.
        CorruptTableError: it holds no hypernetwork.
    """
    module, _ = ghn2.load(weights or HYPERNETWORK)
    state = dict(scaled(network, ghn2.predicted(module, network)))
    known = {name: value.detach().clone() for name, value in network.state_dict().items()}
    with written_whole(path) as part:
        save_file(known | state, part)
    counted = sum(value.numel() for value in state.values())
    return counted, sum(parameter.numel() for parameter in network.parameters())


def check_images(network: nn.Module, images: Tensor) -> None:
    """Refuse images that a network cannot take, such as those of a side that it cannot halve.

    Raises:
        DataError: the network raises anything.
    """
    learns = network.training
    try:
        with torch.no_grad():
            network.eval()(images)
        network.train(learns)
    except Exception as error:  # an operator may be the user's, and raise anything
        what = f"images {tuple(images.shape)}: {words_of(error)}"
        raise DataError(f"the network cannot take {what}") from error


def check_onnx() -> None:
    """Refuse to write ONNX where a package that this needs cannot be imported.

    Raises:
        ResourceError: the packages of the extra ``export`` are not installed.
    """
    for package in ("onnx", "onnxruntime", "onnxscript"):  # torch writes ONNX with the last
        try:
            import_module(package)
        except ImportError as error:
            raise ResourceError(
                f"ONNX needs the package {error.name}: pip install 'tgnas[export]'"
            ) from error


def write_onnx(network: nn.Module, images: Tensor, path: Path) -> None:
    """Write a network, evaluating, as ONNX for any number of images, and check the file.

    Its graph is checked by onnx, and onnxruntime's logits of the images against torch's.

    Raises:
        ResourceError: the packages of the extra ``export`` are not installed, or their result is
            not torch's.
    """
    check_onnx()
    import onnx  # noqa: PLC0415 - of the extra `export`
    import onnxruntime  # noqa: PLC0415

    network = network.eval()
    batch = torch.export.Dim("batch", min=1)
    with written_whole(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages about each other
        program = torch.onnx.export(
            network,
            (images,),
            dynamo=True,
            verbose=False,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: batch},),
        )
        assert program is not None  # for no file was named
        program.save(str(part))
        onnx.checker.check_model(str(part), full_check=True)
        session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
        (logits,) = session.run(["logits"], {"images": images.numpy()})
        _check(network, images, torch.from_numpy(logits), "onnxruntime")


def write_torchscript(network: nn.Module, images: Tensor, path: Path) -> None:
    """Write a network, evaluating, as TorchScript, and check what is read back.

    Raises:
        ResourceError: what is read back is not the network.
    """
    network = network.eval()
    with written_whole(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's, of TorchScript as a whole
        traced = torch.jit.trace(network, images)
        torch.jit.save(traced, str(part))
        logits = torch.jit.load(str(part))(images)
    _check(network, images, logits, "TorchScript")


def write_python(network: nn.Module, path: Path, title: str) -> None:
    """Write a network as a Python file that needs torch alone: its class ``Network``.

    A layer is called by its path in the network with ``_`` for each dot, in the state_dict too. The
    weights are those that torch draws; what the forward pass does not use is left out.

    Raises:
        ConfigError: its forward pass is not the same for every batch of images, so that it cannot
            be written down.
    """
    try:
        graph = fx.Tracer().trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise ConfigError(f"the network cannot be written as Python: {error}") from error
    flat, lines = nn.Module(), []
    for node in graph.nodes:
        node.type = None  # names of types that the file does not import
        if node.op == "get_attr":
            raise ConfigError(f"the network cannot be written as Python: {node.target} is no layer")
        if node.op != "call_module":
            continue
        name = _identifier(str(node.target))
        layer = network.get_submodule(str(node.target))
        if not hasattr(flat, name):
            flat.add_module(name, layer)
            lines.append(f"        self.{name} = {_written(layer)}")
        node.target = name
    forward = fx.GraphModule(flat, graph).code.strip().replace("\n", "\n    ")
    source = PYTHON.format(title=title, layers="\n".join(lines), forward=forward)
    with written_whole(path) as part:
        part.write_text(source)


PYTHON = '''"""{title}"""

import torch
from torch import nn


class Network(nn.Module):
    """{title}"""

    def __init__(self) -> None:
        super().__init__()
{layers}

    {forward}


def build() -> Network:
    """Return the network with the weights that torch draws."""
    return Network()
'''


def _identifier(target: str) -> str:
    name = target.replace(".", "_")
    return f"{name}_" if keyword.iskeyword(name) or hasattr(nn.Module, name) else name


def _written(layer: nn.Module) -> str:
    """Return the call that makes a layer of torch anew.

    Raises:
        ConfigError: a layer whose arguments are not all known by their names.
    """
    kind = type(layer)
    arguments = []
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in ("device", "dtype"):
            continue
        value = getattr(layer, name, parameter.default)
        if name == "bias":
            value = getattr(layer, "bias", None) is not None
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if kind is nn.Identity:  # it takes all and heeds none
                continue
            value = layer
        if isinstance(value, Tensor | nn.Module):
            raise ConfigError(f"the network cannot be written as Python: {kind.__name__} of {name}")
        if value != parameter.default:
            arguments.append(f"{name}={value!r}")
    return f"nn.{kind.__name__}({', '.join(arguments)})"


def _check(network: nn.Module, images: Tensor, logits: Tensor, what: str) -> None:
    with torch.no_grad():
        wanted = network(images)
    apart = float((logits.detach() - wanted).abs().max())
    if not apart <= CLOSE * max(1.0, float(wanted.abs().max())):
        raise ResourceError(f"{what}'s logits differ from torch's by {apart:.2g}")
