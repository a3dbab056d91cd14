# Linker script and compiler flags of each core; its board is in edgehar/benchmark/qemu.py, which a test compares.
# CPU is the -mcpu name without its prefix "cortex-".
QEMU_CPUS = m0 m3 m4 m7 m33 m55

SCRIPT_m0 = microbit.ld
SCRIPT_m3 = mps2.ld
SCRIPT_m4 = mps2.ld
SCRIPT_m7 = mps2.ld
SCRIPT_m33 = an505.ld
SCRIPT_m55 = an547.ld

CORE_m0 = -mcpu=cortex-m0 -mfloat-abi=soft
CORE_m3 = -mcpu=cortex-m3 -mfloat-abi=soft
CORE_m4 = -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16
CORE_m7 = -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-sp-d16
CORE_m33 = -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16
CORE_m55 = -mcpu=cortex-m55 -mfloat-abi=hard -mfpu=auto
