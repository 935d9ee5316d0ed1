"""Words at an address, for kernels that pass a person's state from function to function.

In: the address of an array that the caller keeps alive, and a place in it. Out: what stands there. An array handed to a function
costs numba a reference counted up and down, many times what one match does to a state; an address costs nothing. Nothing is
checked, as nothing is checked of an array's places in a kernel.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _word(_typing: Any, _address: Any, _place: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _reads(types.int64)


word: Any = intrinsic(_word)
"""The int64 at a place."""


def _number(_typing: Any, _address: Any, _place: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _reads(types.float64)


number: Any = intrinsic(_number)
"""The float64 at a place."""


def _half(_typing: Any, _address: Any, _place: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _reads(types.int32)


half: Any = intrinsic(_half)
"""The int32 at a place."""


def _byte(_typing: Any, _address: Any, _place: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _reads(types.uint8)


byte: Any = intrinsic(_byte)
"""The uint8 at a place."""


def _put(_typing: Any, _address: Any, _place: Any, _value: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _writes(types.int64)


put: Any = intrinsic(_put)
"""Write an int64."""


def _put_number(_typing: Any, _address: Any, _place: Any, _value: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    return _writes(types.float64)


put_number: Any = intrinsic(_put_number)
"""Write a float64."""


def _lowest(_typing: Any, _bits: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (as numba calls it)
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), code


lowest: Any = intrinsic(_lowest)
"""The place of the lowest bit that is set; 64 when none is."""


def _ones(_typing: Any, _bits: Any) -> Any:  # noqa: ANN401  (as numba reads it)
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (as numba calls it)
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), code


ones: Any = intrinsic(_ones)
"""How many bits are set."""


def _reads(kind: Any) -> Any:  # noqa: ANN401  (numba has no types of its own)
    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (as numba calls it)
        return builder.load(_pointer(context, builder, arguments, kind))

    return kind(types.int64, types.int64), code


def _writes(kind: Any) -> Any:  # noqa: ANN401  (numba has no types of its own)
    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (as numba calls it)
        builder.store(arguments[2], _pointer(context, builder, arguments, kind))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, kind), code


def _pointer(context: Any, builder: Any, arguments: Any, kind: Any) -> Any:  # noqa: ANN401  (as numba calls it)
    base = builder.inttoptr(arguments[0], ir.PointerType(context.get_value_type(kind)))
    return builder.gep(base, [arguments[1]])
