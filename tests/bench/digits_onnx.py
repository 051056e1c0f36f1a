# tests/bench/digits_onnx.py — the digits network in ONNX Runtime: images a second, a line for each round.
# Room: tests. In: CSV, safetensors, batch, rounds. Needs: numpy, onnxruntime. Out: rates; the peer of digits.stark.
import struct
import sys

import onnxruntime
from digits_numpy import batches, measure, weights

FLOAT, INT64 = 1, 7


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def number(field, value):
    return varint(field << 3) + varint(value)


def field(number_of, content):
    """A length-delimited field of a protobuf message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number_of << 3 | 2) + varint(len(content)) + content


def tensor(name, dims, data):
    return b"".join(number(1, d) for d in dims) + number(2, FLOAT) + field(8, name) + field(9, data)


def value(name, dtype, dims):
    shape = b"".join(field(1, field(2, d) if isinstance(d, str) else number(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, number(1, dtype) + field(2, shape)))


def node(op, inputs, output, attributes=()):
    text = b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, op)
    return text + b"".join(field(5, field(1, name) + number(3, v) + number(20, 2)) for name, v in attributes)


def model(w):
    """The network as an ONNX file, version 13 of the operators."""
    nodes = [
        node("Div", ["images", "sixteen"], "scaled"),
        node("MatMul", ["scaled", "hidden_weight"], "product"),
        node("Add", ["product", "hidden_bias"], "biased"),
        node("Relu", ["biased"], "hidden"),
        node("MatMul", ["hidden", "output_weight"], "scores"),
        node("Add", ["scores", "output_bias"], "out"),
        node("ArgMax", ["out"], "guesses", [("axis", 1), ("keepdims", 0)]),
    ]
    graph = b"".join(field(1, n) for n in nodes) + field(2, "digits")
    graph += field(5, tensor("sixteen", [], struct.pack("<f", 16.0)))
    graph += b"".join(field(5, tensor(name, a.shape, a.tobytes())) for name, a in w.items())
    graph += field(11, value("images", FLOAT, ["n", 64])) + field(12, value("guesses", INT64, ["n"]))
    return number(1, 8) + field(7, graph) + field(8, field(1, "") + number(2, 13))


def main():
    csv, tensors, size, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    session = onnxruntime.InferenceSession(model(weights(tensors)), providers=["CPUExecutionProvider"])
    measure(lambda images: session.run(None, {"images": images})[0], batches(csv, size), rounds)


if __name__ == "__main__":
    main()
