"""From an int8 graph to a plan for the engine: which layers, in which order, in which memory."""
