"""Eight float32 numbers that compiled code adds, multiplies and stores at once.

A splat covers 4 to 12 pixels of a row. The compiler's own vectorisation leaves such short loops to their scalar rest; values of this type are LLVM vectors
from the start, on any processor. Inside `njit` functions they know + - * / among themselves and with float32 numbers.
"""

# Numba reads annotations of intrinsics as its own types.
# ruff: noqa: ANN001, ANN201

import operator

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, overload, register_model

WIDTH = 8
_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_INDEX = ir.IntType(32)
_NOTHING = ir.Constant(_VECTOR, ir.Undefined)


class Lanes(types.Type):
    """Numba's name for the type; one value of it never leaves compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _VECTOR)


def _shuffle(builder, vector, places):
    return builder.shuffle_vector(vector, _NOTHING, ir.Constant(ir.VectorType(_INDEX, WIDTH), places))


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
    """Eight numbers of a flat, contiguous float32 array from `index` on."""

    def generate(context, builder, signature, values):
        value = builder.load(_pointer(context, builder, signature.args[0], values[0], values[1]))
        value.align = 4
        return value

    return lanes(array, index), generate


@intrinsic
def store(typing, array, index, value):
    """Writes eight numbers into a flat, contiguous float32 array from `index` on."""

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
    """0, 1, 2 … 7."""

    def generate(context, builder, signature, values):
        return ir.Constant(_VECTOR, [float(lane) for lane in range(WIDTH)])

    return lanes(), generate


@intrinsic
def where_at_most(typing, test, limit, value):
    """`value` in the lanes in which `test` <= `limit` (a float32 number), 0 in the others."""

    def generate(context, builder, signature, values):
        passes = builder.fcmp_ordered("<=", values[0], _spread(builder, values[1]))
        return builder.select(passes, values[2], ir.Constant(_VECTOR, [0.0] * WIDTH))

    return lanes(lanes, types.float32, lanes), generate


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
