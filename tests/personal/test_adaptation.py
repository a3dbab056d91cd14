"""The integer reference against C, byte for byte, and against softmax regression in floating point."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.head import Head
from edgehar.compile.network import quantise_multiplier
from edgehar.errors import DataError
from edgehar.personal.adaptation import adapt, softmax

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware_ref"
CASES = 1000


class CHead(ctypes.Structure):
    _fields_ = (
        ("weights", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("multiplier", ctypes.c_void_p),
        ("shift", ctypes.c_void_p),
        ("inverse", ctypes.c_void_p),
        ("inputs", ctypes.c_uint16),
        ("classes", ctypes.c_uint8),
        ("zero_point", ctypes.c_int8),
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs a C compiler; on Debian or Ubuntu: apt-get install gcc")
    library = tmp_path_factory.mktemp("adapt") / "adapt.so"
    flags = ["-O1", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-fPIC", "-shared", "-ftrapv"]
    source = FIRMWARE / "src" / "edgehar_adapt.c"
    subprocess.run([compiler, *flags, f"-I{FIRMWARE / 'include'}", str(source), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def in_c(engine, head, embeddings, labels):
    arrays = [
        np.ascontiguousarray(head.weights),
        head.bias,
        np.array(head.multiplier, np.int32),
        np.array(head.shift, np.int8),
        np.array(head.inverse, np.int32),
    ]
    classes, inputs = head.weights.shape
    c_head = CHead(*(array.ctypes.data for array in arrays), inputs, classes, head.zero_point)
    weights, bias = np.zeros((classes, inputs), np.int8), np.zeros(classes, np.int32)
    work = np.zeros(3 * len(labels) * classes + len(labels) ** 2 + 1, np.int32)
    work[-1] = 12345
    labels = np.asarray(labels, np.uint8)
    places = (embeddings, labels, weights, bias, work)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in places]
    status = engine.edgehar_adapt(ctypes.byref(c_head), *pointers[:2], len(labels), *pointers[2:])
    assert work[-1] == 12345, "wrote past the room it was given"
    return status, weights, bias


def random_case(rng):
    """A head and labelled windows; scales from a thousandth to a tenth, embeddings apart or all alike."""
    classes, inputs, count = int(rng.integers(2, 17)), int(rng.integers(1, 97)), int(rng.integers(1, 17))
    zero = int(rng.choice([-128, -128, 0, int(rng.integers(-128, 128)), 127]))
    steps = np.exp(rng.uniform(np.log(1e-6), np.log(1e-1), classes))
    if rng.random() < 0.5:
        steps[:] = steps[0]
    scaled = [quantise_multiplier(step * 65536) for step in steps]
    head = Head(
        rng.integers(-127, 128, (classes, inputs)).astype(np.int8),
        np.round(rng.normal(0, 2000, classes)).astype(np.int32),
        zero,
        tuple(m for m, _ in scaled),
        tuple(s for _, s in scaled),
        tuple(min(2**31 - 1, int(np.floor(256 / step + 0.5))) for step in steps),
    )
    embeddings = rng.integers(-128, 128, (count, inputs))
    if rng.random() < 0.2:
        embeddings[:] = embeddings[0]
    if rng.random() < 0.1:
        embeddings[:] = zero
    return head, np.clip(embeddings, -128, 127).astype(np.int8), rng.integers(0, classes, count)


def test_c_equals_the_reference(engine):
    changed = 0
    for seed in range(CASES):
        head, embeddings, labels = random_case(np.random.default_rng(seed))
        weights, bias = adapt(head, embeddings, labels)
        status, c_weights, c_bias = in_c(engine, head, embeddings, labels)
        assert status == 0
        np.testing.assert_array_equal(c_weights, weights, f"seed {seed}")
        np.testing.assert_array_equal(c_bias, bias, f"seed {seed}")
        changed += not np.array_equal(weights, head.weights)
    assert changed > CASES // 2


def test_what_is_no_case_is_refused_alike(engine):
    head, embeddings, labels = random_case(np.random.default_rng(1))
    classes, inputs = head.weights.shape
    many = np.zeros((17, inputs), np.int8)
    for rows, of in ((many, [0] * 17), (embeddings, [*labels[:-1], classes]), (embeddings[:0], [])):
        with pytest.raises(DataError, match="expected"):
            adapt(head, rows, np.array(of, np.int64))
        assert in_c(engine, head, np.ascontiguousarray(rows), of)[0] == -1


def test_it_is_softmax_regression():
    """The same steps in floating point: the same labels, and logits within a few hundredths."""
    rng = np.random.default_rng(7)
    classes, inputs, count, s_in, s_w = 6, 48, 6, 0.02, 0.002
    weights = rng.integers(-60, 61, (classes, inputs)).astype(np.int8)
    bias = np.round(rng.normal(0, 2000, classes)).astype(np.int32)
    multiplier, shift = quantise_multiplier(s_in * s_w * 65536)
    inverse = round(256 / (s_in * s_w))
    head = Head(weights, bias, -128, (multiplier,) * 6, (shift,) * 6, (inverse,) * 6)
    embeddings, labels = rng.integers(-128, 128, (count, inputs)).astype(np.int8), np.arange(6)
    e = (embeddings.astype(float) + 128) * s_in
    w, b = weights.T * s_w, bias * s_in * s_w
    norm = (e**2).sum(1).mean()
    kernel, start, a = e @ e.T / norm + 1, e @ w + b, np.zeros((count, classes))
    for _ in range(48):
        z = start + kernel @ a
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        a = a - 2 * (p - np.eye(6)[labels]) / count - a / 128
    expected = e @ (w + e.T @ a / norm) + b + a.sum(0)
    new_weights, new_bias = adapt(head, embeddings, labels)
    got = e @ (new_weights.T * s_w) + new_bias * s_in * s_w
    assert np.abs(expected - (e @ w + b)).max() > 1, "a change to compare"
    assert np.abs(got - expected).max() < 0.1
    np.testing.assert_array_equal(got.argmax(1), labels)


def test_a_class_that_no_window_shows_keeps_its_weights():
    """What looks like none of the windows would else be called one of them."""
    several = 0
    for seed in range(20):
        head, embeddings, labels = random_case(np.random.default_rng(seed))
        several += len(set(labels.tolist())) > 1 and len(set(labels.tolist())) < len(head.weights)
        absent = [code for code in range(len(head.weights)) if code not in labels]
        weights, bias = adapt(head, embeddings, labels)
        np.testing.assert_array_equal(weights[absent], np.maximum(head.weights[absent], -127))
        np.testing.assert_array_equal(bias[absent], head.bias[absent])
    assert several > 5


def test_softmax_in_q15():
    for logits in ([0, 0], [65536 * 3, 0, -65536], [1 << 27, -(1 << 27)], [5, 4, 3, 2]):
        values = np.array(logits, np.int64)
        exact = np.exp((values - values.max()) / 65536)
        np.testing.assert_allclose(softmax(values) / 32768, exact / exact.sum(), atol=3e-4)
