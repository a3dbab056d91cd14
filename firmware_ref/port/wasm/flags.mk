# How a module is compiled and linked. The Makefile reads this, and edgehar/web/build.py does: NAME = VALUE, nothing else.
COMPILE = -std=c99 -nostdlib -ffunction-sections -fdata-sections -fvisibility=hidden -DEDGEHAR_MOST_CLASSES=127
LINK = --no-entry --gc-sections --strip-all --stack-first -z stack-size=8192
# Small, but for what SIMD128 makes quick: the kernels, all in src that is not named edgehar*.
SMALL = -Os
SIMD = -msimd128
SIMD_KERNELS = -O2
# port_memory.c, whose memcpy would call itself.
MEMORY = -fno-builtin
