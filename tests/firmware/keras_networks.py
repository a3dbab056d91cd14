"""Keras networks drawn by a seed: every layer that a user may stack, in the proportions in which they do.

The hand-written networks choose awkward scales; these choose what TensorFlow's converter makes of a model: fused
activations, folded batch normalisations, pads, and whatever operator a layer becomes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgehar.contract import Contract

CONTRACT = Contract(("a", "b", "c", "d"))

#: Windows by which the ranges are found.
CALIBRATION = 24


def random_model(seed: int) -> Any:
    """A keras.Model of (80, 3) to four probabilities whose logits deviate by about 2."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    start = keras.Input((80, 3))
    now = start
    if seed % 10 == 9:
        now = _choose(rng, [
            lambda x: layers.Normalization(mean=[0.5, 7.0, 1.0], variance=[9.0, 4.0, 16.0])(x),
            lambda x: layers.Rescaling(0.1)(x),
            lambda x: layers.BatchNormalization()(x),
        ])(now)  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        if now.shape[1] >= 12:
            now = _block(rng, layers, now, odd=seed % 3 == 2)
    now = _head(rng, layers, now, odd=seed % 3 == 2)
    last = layers.Dense(4, name="logits")
    model = keras.Model(start, layers.Softmax()(last(now)))
    spread(model, last)
    return model


def windows(seed: int, count: int = CALIBRATION) -> np.ndarray:
    """float32 (count, 80, 3) in m/s²: rest in any direction, steps of any strength."""
    rng = np.random.default_rng([seed, 7])
    rest = rng.normal(size=(count, 1, 3))
    rest *= 9.8 / np.linalg.norm(rest, axis=2, keepdims=True)
    time = np.arange(80)[None, :, None] / 20
    steps = np.sin(2 * np.pi * rng.uniform(0.5, 4, (count, 1, 1)) * time + rng.uniform(0, 6, (count, 1, 3)))
    strength = rng.uniform(0, 6, (count, 1, 3))
    return (rest + strength * steps + rng.normal(0, 0.3, (count, 80, 3))).astype(np.float32)


def _choose(rng: np.random.Generator, options: list[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def _activation(rng: np.random.Generator, layers: Any, now: Any, odd: bool) -> Any:
    plain = [layers.ReLU(), layers.ReLU(), layers.ReLU(6.0), layers.Activation("linear")]
    strange = [layers.LeakyReLU(), layers.ELU(), layers.Activation("tanh"), layers.Activation("swish"), layers.PReLU()]
    return _choose(rng, plain + strange if odd else plain)(now)


def _convolution(rng: np.random.Generator, layers: Any, now: Any, odd: bool) -> Any:
    kernel = int(rng.integers(1, min(10, now.shape[1] // 2)))
    padding = str(rng.choice(["valid", "same"]))
    stride = int(rng.choice([1, 1, 2, 3]))
    # One filter now and then: the converter treats its bias in a way of its own.
    filters = int(rng.choice([1, 2, 3, 4, 5, 6, 8, 12, 16]))
    plain = [
        layers.Conv1D(filters, kernel, stride, padding=padding, use_bias=bool(rng.random() < 0.8)),
        layers.DepthwiseConv1D(kernel, stride, padding=padding, depth_multiplier=int(rng.choice([1, 1, 2]))),
        layers.SeparableConv1D(filters, kernel, stride, padding=padding),
    ]
    strange = [
        layers.Conv1D(filters, kernel, padding="causal"),
        layers.Conv1D(filters, min(kernel, 3), dilation_rate=2, padding=padding),
        layers.Conv1D(2 * now.shape[2], kernel, groups=now.shape[2], padding=padding),
    ]
    return _choose(rng, plain + strange if odd else plain)(now)


def _block(rng: np.random.Generator, layers: Any, now: Any, odd: bool) -> Any:
    before = now
    now = _convolution(rng, layers, now, odd)
    normalise = rng.random() < 0.5
    behind = odd and rng.random() < 0.3
    if normalise and not behind:
        now = layers.BatchNormalization()(now)
    now = _activation(rng, layers, now, odd)
    if normalise and behind:
        now = layers.BatchNormalization()(now)
    choice = rng.integers(0, 8)
    if choice == 0:
        now = layers.MaxPooling1D(int(rng.integers(2, 4)), padding=str(rng.choice(["valid", "same"])))(now)
    elif choice == 1:
        now = layers.AveragePooling1D(int(rng.integers(2, 4)))(now)
    elif choice == 2:
        now = layers.Add()([now, layers.Conv1D(now.shape[2], 3, padding="same", activation="relu")(now)])
    elif choice == 3:
        now = layers.SpatialDropout1D(0.2)(layers.Dropout(0.1)(now))
    elif choice == 4 and odd:
        strange = [layers.ZeroPadding1D(2), layers.Cropping1D(1), layers.TimeDistributed(layers.Dense(3))]
        now = _choose(rng, strange)(now)
    elif choice == 5 and odd:
        now = layers.Concatenate()([now, layers.Conv1D(3, 1)(now)])
    elif choice == 6 and before.shape == now.shape:
        now = layers.Add()([before, now])
    return now


def _head(rng: np.random.Generator, layers: Any, now: Any, odd: bool) -> Any:
    if odd and rng.random() < 0.15:
        return layers.GlobalMaxPooling1D()(now)
    if odd and rng.random() < 0.15:
        recurrent = _choose(rng, [layers.LSTM(3), layers.GRU(3), layers.Bidirectional(layers.LSTM(2))])
        return recurrent(now)
    if rng.random() < 0.3 and now.shape[1] * now.shape[2] < 600:
        return layers.Dense(int(rng.integers(2, 12)), activation="relu")(layers.Flatten()(now))
    now = layers.GlobalAveragePooling1D()(now)
    return layers.Dropout(0.3)(now) if rng.random() < 0.5 else now


def spread(model: Any, last: Any) -> None:
    """Statistics for the batch normalisations, then a last layer whose logits deviate by about 2."""
    import keras

    x = windows(1, 64)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            seen = np.asarray(keras.Model(model.input, layer.input)(x, training=False)).reshape(
                -1, layer.input.shape[-1]
            )
            gamma = np.random.default_rng(seen.shape[1]).uniform(0.5, 1.5, seen.shape[1])
            layer.set_weights([gamma, layer.get_weights()[1] + 0.1, seen.mean(0), seen.var(0) + 1e-3])
    weights, _ = last.get_weights()
    features = np.asarray(keras.Model(model.input, last.input)(x, training=False))
    scale = 2.0 / max(1e-6, float((features @ weights).std(0).mean()))
    centre = (features @ weights).mean(0)
    last.set_weights([weights * scale, -centre * scale])
