"""Keras networks that people build for wrists and pockets beyond plain convolutions, each with a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .keras_networks import spread


def _tcn(last: bool) -> Callable[[Any, Any], Any]:
    """Causal convolutions with dilations 1, 2, 4, 8 and residuals; `last`: only the last step is read."""

    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv1D(8, 1)(x)
        for dilation in (1, 2, 4, 8):
            y = layers.Conv1D(8, 3, padding="causal", dilation_rate=dilation, activation="relu")(x)
            x = layers.Add()([x, layers.Conv1D(8, 3, padding="causal", dilation_rate=dilation)(y)])
            x = layers.ReLU()(x)
        return x[:, -1, :] if last else layers.GlobalAveragePooling1D()(x)

    return build


def _squeeze_excite(layers: Any, x: Any) -> Any:
    x = layers.Conv1D(12, 5, activation="relu")(x)
    gate = layers.Dense(4, activation="relu")(layers.GlobalAveragePooling1D()(x))
    gate = layers.Reshape((1, 12))(layers.Dense(12, activation="sigmoid")(gate))
    return layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3)(layers.Multiply()([x, gate])))


def _normalised_first(layers: Any, x: Any) -> Any:
    x = layers.BatchNormalization()(x)
    return layers.GlobalMaxPooling1D()(layers.Conv1D(8, 7, strides=2, activation="relu")(x))


def _normalised_behind(layers: Any, x: Any) -> Any:
    for filters in (8, 12):
        x = layers.BatchNormalization()(layers.Conv1D(filters, 5, activation="relu")(x))
    return layers.GlobalMaxPooling1D()(x)


def _normalization(layers: Any, x: Any) -> Any:
    x = layers.Normalization(mean=[0.5, 7.0, 1.0], variance=[9.0, 4.0, 16.0])(x)
    return layers.GlobalAveragePooling1D()(layers.Conv1D(6, 5, activation="swish")(x))


def _inception(layers: Any, x: Any) -> Any:
    """Branches of three kernels, and a mean beside a maximum."""
    x = layers.Rescaling(0.1, 0.5)(x)
    x = layers.Concatenate()([layers.Conv1D(4, k, padding="same", activation="relu")(x) for k in (1, 3, 5)])
    x = layers.LeakyReLU()(layers.Conv1D(8, 3)(x))
    return layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])


def _gated(layers: Any, x: Any) -> Any:
    """WaveNet's gate, with hard activations behind."""
    x = layers.Multiply()([
        layers.Conv1D(6, 3, dilation_rate=2, activation="tanh")(x),
        layers.Conv1D(6, 3, dilation_rate=2, activation="sigmoid")(x),
    ])  # fmt: skip
    x = layers.Activation("hard_swish")(layers.SeparableConv1D(8, 3, dilation_rate=3)(x))
    x = layers.PReLU(shared_axes=[1])(layers.Conv1D(6, 3)(x))
    return layers.GlobalAveragePooling1D()(x)


def _slopes(layers: Any, x: Any) -> Any:
    """PReLU as it comes, a slope for each step; zeros at both ends; steps cut off."""
    x = layers.PReLU(alpha_initializer="random_normal")(layers.Conv1D(6, 5, strides=2)(x))
    x = layers.Conv1D(6, 4)(layers.ZeroPadding1D(2)(x))
    return layers.Flatten()(layers.MaxPooling1D(4)(layers.Cropping1D((3, 2))(x)))


def _upright(layers: Any, x: Any) -> Any:
    """(80, 1, 3): time along the height."""
    x = layers.Reshape((80, 1, 3))(x)
    x = layers.Conv2D(8, (5, 1), activation="relu")(x)
    x = layers.BatchNormalization()(layers.DepthwiseConv2D((3, 1), dilation_rate=(2, 1), activation="relu")(x))
    x = layers.MaxPooling2D((2, 1))(layers.Conv2D(8, (3, 1), padding="same", activation="relu")(x))
    return layers.GlobalAveragePooling2D()(x)


def _lying(layers: Any, x: Any) -> Any:
    """(1, 80, 3): time along the width."""
    x = layers.Reshape((1, 80, 3))(x)
    x = layers.AveragePooling2D((1, 2))(layers.Conv2D(8, (1, 5), activation="tanh")(x))
    return layers.Flatten()(layers.Conv2D(4, (1, 7), strides=(1, 3), activation="relu")(x))


NETWORKS: dict[str, Callable[[Any, Any], Any]] = {
    "tcn": _tcn(last=False),
    "tcn-last": _tcn(last=True),
    "squeeze-excite": _squeeze_excite,
    "normalised-first": _normalised_first,
    "normalised-behind": _normalised_behind,
    "normalization": _normalization,
    "inception": _inception,
    "gated": _gated,
    "slopes": _slopes,
    "upright": _upright,
    "lying": _lying,
}


def named_model(name: str, activation: str = "softmax") -> Any:
    """A keras.Model of (80, 3) to four outputs whose logits deviate by about 2."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(list(NETWORKS).index(name))
    start = keras.Input((80, 3))
    last = layers.Dense(4, name="logits")
    model = keras.Model(start, layers.Activation(activation)(last(NETWORKS[name](layers, start))))
    spread(model, last)
    return model
