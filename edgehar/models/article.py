"""The network of the article "Introduction to 1D CNNs in Keras for Time Sequences", layer for layer.

Four convolutions of kernel 10 with valid padding, one max pooling of 3 between the pairs, the mean over
time, dropout and a dense softmax: 520,486 parameters for 80 samples of 3 axes and 6 classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.contract import Contract
from edgehar.errors import ContractError

if TYPE_CHECKING:
    import keras

#: The shortest window that leaves one step after both pairs of convolutions and the pooling.
SHORTEST_WINDOW = 75


def build(contract: Contract) -> keras.Model:
    """Build `cnn` with fresh weights from Keras' global seed.

    Args:
        contract: window, labels and input layout; `flat` puts the article's own Reshape in front.
    Returns:
        float32 (batch, window, channels), or (batch, channels * window) for `flat`, to softmax (batch, classes).
    Raises:
        ContractError: the window is shorter than the network's receptive field.
    """
    import keras
    from keras import layers

    if contract.window < SHORTEST_WINDOW:
        raise ContractError(f"expected a window of {SHORTEST_WINDOW} or more for 'cnn', got {contract.window}")
    reshape = [layers.Reshape(contract.window_shape, name="reshape")] if contract.input_layout == "flat" else []
    return keras.Sequential(
        [
            keras.Input(contract.input_shape, name="acceleration"),
            *reshape,
            layers.Conv1D(100, 10, activation="relu", name="conv1d"),
            layers.Conv1D(100, 10, activation="relu", name="conv1d_1"),
            layers.MaxPooling1D(3, name="max_pooling1d"),
            layers.Conv1D(160, 10, activation="relu", name="conv1d_2"),
            layers.Conv1D(160, 10, activation="relu", name="conv1d_3"),
            layers.GlobalAveragePooling1D(name="global_average_pooling1d"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(len(contract.labels), activation="softmax", name="dense"),
        ],
        name="cnn",
    )
