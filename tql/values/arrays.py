"""Conversion of arrays, tensors and lists of numbers to the float32 arrays of TQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.floats import bracketed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# DLPack device types whose memory the CPU can read: kDLCPU and kDLCUDAHost.
MEMORY = frozenset({1, 3})
NUMERIC_KINDS = "buif"
VECTOR, MATRIX = 1, 2
# The serializer writes NaN and infinity as null.
UNWRITTEN = "n"
FLOAT32 = np.dtype(np.float32)
# Types that are values elsewhere, and no vectors.
SCALARS = (str, bytes, int, float)


def vector(subject: str, value: object) -> ast.Vector:
    """
    Return *value* as ``ARRAY[..]``.

    Args:
        subject: the method or argument that error messages name.
        value: shape (d,), d >= 1: a list, a numpy array of any numeric dtype, or an object with ``__array__``, DLPack or the buffer protocol, such as those of torch, jax, pandas, pyarrow and polars.

    Raises:
        ArgumentError: *value* is not one-dimensional, is empty, is not numeric, or has an element that is not finite as a float32; the message names its index.
    """
    array, narrow = _as_float32(subject, value)
    if array.ndim != VECTOR or array.size == 0:
        raise ArgumentError(
            subject, "takes a vector, shape (d,) with d >= 1", f"shape {array.shape}", _shape_hint(subject, array)
        )
    text = bracketed(narrow)
    if UNWRITTEN in text:
        raise _infinite(subject, array, narrow)
    return ast.Vector.of(narrow, text)


def matrix(subject: str, value: object) -> ast.Array:
    """
    Return *value*, shape (n, d), as ``ARRAY[ARRAY[..], ..]``.

    Raises:
        ArgumentError: *value* is not two-dimensional, is empty, is not numeric, or has an element that is not finite as a float32.
    """
    array, narrow = _as_float32(subject, value)
    if array.ndim != MATRIX or array.size == 0:
        raise ArgumentError(subject, "takes a matrix, shape (n, d) with n, d >= 1", f"shape {array.shape}")
    texts = tuple(map(bracketed, narrow))
    if any(UNWRITTEN in text for text in texts):
        raise _infinite(subject, array, narrow)
    return ast.Array(tuple(map(ast.Vector.of, narrow, texts)))


def scalar_or_array(literal: Callable[[str, object], ast.Expression], subject: str, value: object) -> ast.Expression:
    """Return the literal of a numpy scalar or a list of strings, converted by *literal*, or of a vector or a matrix."""
    require_unmasked(subject, value)
    if getattr(value, "ndim", None) == VECTOR:
        return vector(subject, value)
    if _is_scalar(value):
        found = value.item()
        # The item of a longdouble is a longdouble: it is written as the nearest float64, as a Decimal is.
        return literal(subject, float(found) if isinstance(found, np.floating) else found)
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return ast.Array(tuple(literal(subject, item) for item in value))
    array = _read(subject, value)
    return matrix(subject, array) if array.ndim == MATRIX else vector(subject, array)


def _is_scalar(value: object) -> TypeGuard[np.generic | NDArray[Any]]:
    """Return whether *value* is a numpy scalar or an array without dimensions."""
    return isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0)


def _as_float32(subject: str, value: object) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return *value* as a numpy array, and as a contiguous float32 array, the type of every element of an ARRAY literal."""
    if type(value) is np.ndarray and value.dtype is FLOAT32 and value.flags.c_contiguous:
        return value, value
    array = _read(subject, value)
    if array.dtype.kind not in NUMERIC_KINDS:
        rule = "takes real numbers (bool, integers, floats)"
        raise ArgumentError(subject, rule, f"{shown(value)} of dtype {array.dtype}")
    with np.errstate(over="ignore", under="ignore"):
        return array, array.astype(np.float32, order="C", copy=False)


def _infinite(subject: str, array: NDArray[Any], narrow: NDArray[np.float32]) -> ArgumentError:
    """Return the error for the first element of an array that is not finite as a float32."""
    index = tuple(int(place) for place in np.argwhere(~np.isfinite(narrow))[0])
    where = str(index[0]) if len(index) == 1 else str(index)
    why = "TQL has no literal for NaN and infinity"
    return ArgumentError(subject, "takes finite float32 numbers", f"{array[index]} at index {where}", why=why)


def _read(subject: str, value: object) -> NDArray[Any]:
    """Return *value* as a numpy array."""
    require_unmasked(subject, value)
    as_py = getattr(value, "as_py", None)
    value = value if as_py is None else as_py()
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return _of_dlpack(subject, value)
    _require_array(subject, value)
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError, RuntimeError) as error:
        rule = "takes a value that numpy converts to an array"
        raise ArgumentError(subject, rule, shown(value), why=str(error)) from None


def _require_array(subject: str, value: object) -> None:
    """Raise ArgumentError unless *value* is a list of elements of one kind, or supports an array protocol."""
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, (str, bytes)) or item is None for item in value):
            raise ArgumentError(subject, "takes elements of one kind, numbers or strings", shown(value))
    elif not (isinstance(value, memoryview) or hasattr(value, "__array__") or _has_buffer(value)):
        raise ArgumentError(
            subject,
            "takes a value that TQL can write",
            shown(value),
            f"pass {'' if isinstance(value, SCALARS) else 'a number, a str, or '}a list or array of numbers",
        )


def _of_dlpack(subject: str, value: object) -> NDArray[Any]:
    """Return an array that shares the memory of *value*, through DLPack."""
    try:
        _require_memory(value)
        return np.from_dlpack(value)  # type: ignore[arg-type]  # the caller has checked that it has __dlpack__
    except (BufferError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        rule, hint = "takes a value that numpy reads through DLPack", "copy it to the CPU first: tensor.cpu()"
        raise ArgumentError(subject, rule, shown(value), hint, why=str(error)) from None


def _require_memory(value: object) -> None:
    """Raise BufferError unless the CPU can read the memory of *value*."""
    kind = value.__dlpack_device__()[0]  # type: ignore[attr-defined]  # part of the protocol
    if kind not in MEMORY:
        message = f"its memory is on a device of DLPack type {kind}"
        raise BufferError(message)


def require_unmasked(subject: str, value: object) -> None:
    """Raise ArgumentError for a masked array, whose masked elements numpy would silently replace by the data below."""
    if isinstance(value, np.ma.MaskedArray):
        hint, why = "pass value.compressed(), or value.filled(..)", "TQL has no literal for a masked element"
        raise ArgumentError(subject, "takes no masked array", shown(value), hint, why=why)


def _has_buffer(value: object) -> bool:
    """Return whether *value* supports the buffer protocol."""
    try:
        memoryview(value).release()  # type: ignore[arg-type]  # it raises TypeError if not
    except TypeError:
        return False
    return True


def _shape_hint(subject: str, array: NDArray[Any]) -> str | None:
    """Return the remedy for a batch of vectors, or None."""
    if array.ndim == MATRIX and len(array) == 1:
        return "a model that encodes a batch returns shape (1, d): pass its first row, vector[0]"
    if array.ndim == MATRIX and subject == "similarity":
        return 'rank by several vectors with hybrid(vector=[("e", first), ("e", second)]); for a column of matrices pass metric="maxsim"'
    return None
