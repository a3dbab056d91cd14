"""Constants as the kernels of each path read them."""
