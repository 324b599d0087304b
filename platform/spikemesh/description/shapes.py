"""Shapes of two-dimensional convolution and pooling between populations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from spikemesh.ids import AnyArray

Fail: TypeAlias = Callable[[str, str, str], None]
Size: TypeAlias = tuple[int, int]


def checked_conv2d(
    arguments: Mapping[str, Any], source: int, target: int, fail: Fail
) -> tuple[dict[str, Any], float]:
    """Bring the arguments of ``conv2d`` to normal form and count its synapses.

    Parameters
    ----------
    arguments
        As given.
    source, target
        Sizes of the populations.
    fail
        Called with argument, what was found and what is allowed, for each problem.

    Returns
    -------
    arguments : dict
        ``input_shape`` (channels, height, width), ``output_shape``, ``kernel`` float64
        (out, in, height, width), ``stride`` and ``padding`` (rows, columns).
    expected : float
        Number of synapses (kernel entries of 0 make none).
    """
    shape = _input_shape(arguments, source, fail)
    kernel = _kernel(arguments["kernel"], fail)
    stride = _pair(arguments.get("stride", 1), "stride", 1, fail)
    padding = _pair(arguments.get("padding", 0), "padding", 0, fail)
    if shape is None or kernel is None or stride is None or padding is None:
        return {}, 0.0
    if kernel.shape[1] != shape[0]:
        found = f"has {kernel.shape[1]} input channels, the input_shape {shape[0]}"
        fail("kernel", found, "shape (out channels, in channels, height, width)")
        return {}, 0.0
    output = (kernel.shape[0], *_output(shape, kernel.shape[2:], stride, padding))
    if not _output_fits(output, target, fail):
        return {}, 0.0
    rows = _taps(shape[1], kernel.shape[2], stride[0], padding[0], output[1])
    columns = _taps(shape[2], kernel.shape[3], stride[1], padding[1], output[2])
    expected = float(np.einsum("oihw,h,w->", (kernel != 0).astype(np.float64), rows, columns))
    normal = {
        "input_shape": shape,
        "output_shape": output,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
    }
    return normal, expected


def checked_pool2d(
    arguments: Mapping[str, Any], source: int, target: int, fail: Fail
) -> tuple[dict[str, Any], float]:
    """Bring the arguments of ``pool2d`` to normal form and count its synapses; see :func:`checked_conv2d`."""
    shape = _input_shape(arguments, source, fail)
    size = _pair(arguments["size"], "size", 1, fail)
    stride = _pair(arguments.get("stride", arguments["size"]), "stride", 1, fail)
    if shape is None or size is None or stride is None:
        return {}, 0.0
    output = (shape[0], *_output(shape, size, stride, (0, 0)))
    if not _output_fits(output, target, fail):
        return {}, 0.0
    normal = {"input_shape": shape, "output_shape": output, "size": size, "stride": stride}
    return normal, float(np.prod(output)) * size[0] * size[1]


def _output(shape: tuple[int, ...], window: tuple[int, ...], stride: Size, padding: Size) -> Size:
    return (
        max(0, (shape[1] + 2 * padding[0] - window[0]) // stride[0] + 1),
        max(0, (shape[2] + 2 * padding[1] - window[1]) // stride[1] + 1),
    )


def _output_fits(output: tuple[int, ...], target: int, fail: Fail) -> bool:
    made = output[0] * output[1] * output[2]
    if made != target:
        shown = " x ".join(str(n) for n in output)
        fail(
            "input_shape",
            f"the output has {shown} = {made} neurons, the target {target}",
            f"a target of {made}",
        )
    return made == target


def _taps(length: int, window: int, stride: int, padding: int, out: int) -> AnyArray:
    """Count, for each place in the window, the outputs whose tap falls inside the input."""
    first = np.arange(out)[:, None] * stride - padding + np.arange(window)[None, :]
    inside: AnyArray = ((first >= 0) & (first < length)).sum(axis=0)
    return inside.astype(np.float64)


def _input_shape(arguments: Mapping[str, Any], source: int, fail: Fail) -> tuple[int, int, int] | None:
    numbers = _whole(arguments["input_shape"])
    if numbers is None or len(numbers) not in (2, 3) or min(numbers) < 1:
        fail("input_shape", "is not a shape", "[height, width] or [channels, height, width]")
        return None
    channels, height, width = numbers if len(numbers) == 3 else (1, *numbers)
    if channels * height * width != source:
        made = channels * height * width
        fail("input_shape", f"has {made} entries, the source {source} neurons", f"a product of {source}")
        return None
    return channels, height, width


def _kernel(raw: Any, fail: Fail) -> AnyArray | None:
    try:
        kernel = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        kernel = np.zeros(0)
    if kernel.ndim not in (2, 4) or not kernel.size or not np.all(np.isfinite(kernel)):
        allowed = "numbers of shape (height, width) or (out channels, in channels, height, width)"
        fail("kernel", f"of shape {kernel.shape} is not a kernel", allowed)
        return None
    return kernel if kernel.ndim == 4 else kernel[None, None]


def _pair(raw: Any, name: str, least: int, fail: Fail) -> Size | None:
    numbers = _whole(raw)
    if numbers is None or len(numbers) not in (1, 2) or min(numbers) < least:
        fail(name, "is not a size", f"a whole number of at least {least}, or [rows, columns]")
        return None
    return numbers[0], numbers[-1]


def _whole(raw: Any) -> tuple[int, ...] | None:
    """Read one whole number or a list of them; they stay small enough to multiply."""
    try:
        array = np.atleast_1d(np.asarray(raw))
    except (TypeError, ValueError):
        return None
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iuf":
        return None
    if (
        not np.all(np.isfinite(array))
        or np.any(np.abs(array.astype(np.float64)) > 2.0**31)
        or np.any(array % 1 != 0)
    ):
        return None
    return tuple(int(n) for n in array)
