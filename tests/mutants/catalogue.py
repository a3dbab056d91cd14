"""All mutants."""

from __future__ import annotations

from tests.mutants.adaptation import ADAPTATION
from tests.mutants.ahead import AHEAD
from tests.mutants.alignment import ALIGNMENT
from tests.mutants.blob import BLOB
from tests.mutants.channels import CHANNELS
from tests.mutants.compiler import COMPILER
from tests.mutants.helium import HELIUM
from tests.mutants.kernels import KERNELS
from tests.mutants.kernels_arm import KERNELS_ARM
from tests.mutants.kernels_riscv import KERNELS_RISCV
from tests.mutants.operators import OPERATORS
from tests.mutants.pipeline import PIPELINE
from tests.mutants.placement import PLACEMENT
from tests.mutants.ports import PORTS
from tests.mutants.sample_path import SAMPLE_PATH
from tests.mutants.sensor import SENSORS, STORES
from tests.mutants.sensor_channels import SENSOR_CHANNELS
from tests.mutants.single_position import SINGLE_POSITION
from tests.mutants.streamer import STREAMER

MUTANTS = (
    *PIPELINE, *KERNELS, *KERNELS_ARM, *KERNELS_RISCV, *STREAMER, *COMPILER, *OPERATORS, *ADAPTATION, *SAMPLE_PATH,
    *PORTS, *SENSORS, *SENSOR_CHANNELS, *ALIGNMENT, *STORES, *CHANNELS, *PLACEMENT, *BLOB, *AHEAD,
    *SINGLE_POSITION, *HELIUM,
)  # fmt: skip
