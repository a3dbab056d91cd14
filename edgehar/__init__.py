"""edgehar: a trained Keras 1D CNN for activity recognition on a phone or a microcontroller, unchanged."""

from edgehar.contract import Contract
from edgehar.errors import EdgeharError

__version__ = "0.1.0"
__all__ = ["Contract", "EdgeharError", "__version__"]
