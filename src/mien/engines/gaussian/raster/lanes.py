"""A few float32 numbers that compiled code adds, multiplies and stores at once.

A splat covers 4 to 12 pixels of a row. The compiler's own vectorisation leaves such short loops to their scalar rest; values of this type are LLVM vectors
from the start, on any processor. Inside `njit` functions they know + - * / among themselves and with float32 numbers.
"""

# Numba reads annotations of intrinsics as its own types.
# ruff: noqa: ANN001, ANN201

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import binding, ir
from numba.core import types
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import models, overload, register_model

WIDTH = 16 if binding.get_host_cpu_features().get("avx512f") else 8
"""How many: as many as the processor's widest instruction takes, but at least eight, which two of four are made of elsewhere."""

intrinsic = cast(
    Callable[[Callable[..., Any]], Callable[..., Any]], numba_intrinsic
)  # called without its first parameter
_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_INDEX = ir.IntType(32)
_NOTHING = ir.Constant(_VECTOR, ir.Undefined)


class Lanes(types.Type):
    """Numba's name for the type; one value of it never leaves compiled code."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


lanes = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _VECTOR)


def _pick(builder, one, other, places):
    """Lanes of two vectors by number, those of `other` counted from WIDTH on."""
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_INDEX, WIDTH), places))


def _shuffle(builder, vector, places):
    return _pick(builder, vector, _NOTHING, places)


def _spread(builder, number):
    """One number in all lanes."""
    return _shuffle(builder, builder.insert_element(_NOTHING, number, ir.Constant(_INDEX, 0)), [0] * WIDTH)


def _define(operation, instruction: str) -> None:
    @intrinsic
    def calculate(typing, a, b):
        def generate(context, builder, signature, values):
            both = [
                value if kind == lanes else _spread(builder, context.cast(builder, value, kind, types.float32))
                for value, kind in zip(values, signature.args, strict=True)
            ]
            return getattr(builder, instruction)(*both)

        return lanes(a, b), generate

    @overload(operation)
    def on_lanes(a, b):
        if lanes in (a, b):
            return lambda a, b: calculate(a, b)
        return None


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_operation, _instruction)


def _pointer(context, builder, kind, array, index):
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@intrinsic
def load(typing, array, index):
    """`WIDTH` numbers of a flat, contiguous float32 array from `index` on."""

    def generate(context, builder, signature, values):
        value = builder.load(_pointer(context, builder, signature.args[0], values[0], values[1]))
        value.align = 4
        return value

    return lanes(array, index), generate


@intrinsic
def store(typing, array, index, value):
    """Writes `WIDTH` numbers into a flat, contiguous float32 array from `index` on."""

    def generate(context, builder, signature, values):
        builder.store(values[2], _pointer(context, builder, signature.args[0], values[0], values[1])).align = 4
        return context.get_dummy_value()

    return types.void(array, index, value), generate


@intrinsic
def spread(typing, number):
    """A float32 number in all lanes."""

    def generate(context, builder, signature, values):
        return _spread(builder, values[0])

    return lanes(types.float32), generate


@intrinsic
def ramp(typing):
    """0, 1, 2 … WIDTH - 1."""

    def generate(context, builder, signature, values):
        return ir.Constant(_VECTOR, [float(lane) for lane in range(WIDTH)])

    return lanes(), generate


@intrinsic
def where_at_least(typing, test, limit, value):
    """`value` in the lanes in which `test` >= `limit` (a float32 number), 0 in the others."""

    def generate(context, builder, signature, values):
        passes = builder.fcmp_ordered(">=", values[0], _spread(builder, values[1]))
        return builder.select(passes, values[2], ir.Constant(_VECTOR, [0.0] * WIDTH))

    return lanes(lanes, types.float32, lanes), generate


@intrinsic
def clamp(typing, value, low, high):
    """`value` where it lies between two float32 numbers, else the nearer of them."""

    def generate(context, builder, signature, values):
        value, low, high = values[0], _spread(builder, values[1]), _spread(builder, values[2])
        value = builder.select(builder.fcmp_ordered("<", value, low), low, value)
        return builder.select(builder.fcmp_ordered(">", value, high), high, value)

    return lanes(lanes, types.float32, types.float32), generate


@intrinsic
def truncate(typing, value):
    """The integer part; of numbers whose size is below 2³¹."""

    def generate(context, builder, signature, values):
        whole = builder.fptosi(values[0], ir.VectorType(ir.IntType(32), WIDTH))
        return builder.sitofp(whole, _VECTOR)

    return lanes(lanes), generate


@intrinsic
def total(typing, value):
    """The sum of the lanes, float32."""

    def generate(context, builder, signature, values):
        value, step = values[0], WIDTH // 2
        while step:
            value = builder.fadd(value, _shuffle(builder, value, [(lane + step) % WIDTH for lane in range(WIDTH)]))
            step //= 2
        return builder.extract_element(value, ir.Constant(_INDEX, 0))

    return types.float32(lanes), generate


@intrinsic
def totals(typing, a, b, c, d, e, f, g, h):
    """The sums of the lanes of eight values, in the first eight lanes; costs little more than two single ones."""

    def generate(context, builder, signature, values):
        vectors, group = list(values), WIDTH
        while len(vectors) > 1:
            group //= 2
            low = [2 * group * (lane // group) + lane % group for lane in range(WIDTH)]
            high = [lane + group for lane in low]
            vectors = [
                builder.fadd(_pick(builder, one, other, low), _pick(builder, one, other, high))
                for one, other in zip(vectors[::2], vectors[1::2], strict=True)
            ]
        (result,) = vectors
        while group > 1:
            group //= 2
            low = [2 * group * lane % WIDTH for lane in range(WIDTH)]
            result = builder.fadd(
                _shuffle(builder, result, low), _shuffle(builder, result, [lane + group for lane in low])
            )
        return result

    return lanes(a, b, c, d, e, f, g, h), generate


@intrinsic
def load_rgb(typing, array, index):
    """Red, green and blue of `WIDTH` pixels of a flat, contiguous float32 RGB picture from number `index` on."""

    def generate(context, builder, signature, values):
        kind, picture, start = signature.args[0], values[0], values[1]
        parts = []
        for third in range(3):
            at = builder.add(start, ir.Constant(start.type, third * WIDTH))
            part = builder.load(_pointer(context, builder, kind, picture, at))
            part.align = 4
            parts.append(part)
        channels = []
        for channel in range(3):
            places = [3 * pixel + channel for pixel in range(WIDTH)]
            first = [place if place < 2 * WIDTH else 0 for place in places]
            both = _pick(builder, parts[0], parts[1], first)
            last = [lane if place < 2 * WIDTH else place - WIDTH for lane, place in enumerate(places)]
            channels.append(_pick(builder, both, parts[2], last))
        return context.make_tuple(builder, signature.return_type, channels)

    return types.UniTuple(lanes, 3)(array, index), generate


@intrinsic
def store_rgb(typing, array, index, red, green, blue):
    """Writes `WIDTH` pixels into a flat, contiguous float32 RGB picture from number `index` on."""

    def generate(context, builder, signature, values):
        kind, picture, start, red, green, blue = signature.args[0], *values
        for third in range(3):
            places = [divmod(third * WIDTH + lane, 3) for lane in range(WIDTH)]
            first = [pixel + WIDTH * channel if channel < 2 else 0 for pixel, channel in places]
            both = _pick(builder, red, green, first)
            last = [lane if channel < 2 else WIDTH + pixel for lane, (pixel, channel) in enumerate(places)]
            part = _pick(builder, both, blue, last)
            at = builder.add(start, ir.Constant(start.type, third * WIDTH))
            builder.store(part, _pointer(context, builder, kind, picture, at)).align = 4
        return context.get_dummy_value()

    return types.void(array, index, red, green, blue), generate


@intrinsic
def fetch_early(typing, array, index):
    """Asks for the cache line of a flat, contiguous float32 array's number `index`, which may lie beyond its end."""

    def generate(context, builder, signature, values):
        line = builder.bitcast(
            _pointer(context, builder, signature.args[0], values[0], values[1]), ir.IntType(8).as_pointer()
        )
        kind = ir.FunctionType(ir.VoidType(), [line.type, *[ir.IntType(32)] * 3])
        function = builder.module.declare_intrinsic("llvm.prefetch", (line.type,), kind)
        builder.call(
            function, [line, *(ir.Constant(ir.IntType(32), number) for number in (0, 3, 1))]
        )  # to read; all caches; data
        return context.get_dummy_value()

    return types.void(array, index), generate
