"""The page: the C engine as WebAssembly, with everything that a browser needs to run models on its own sensor."""
