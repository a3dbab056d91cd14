"""One module for each layout of recordings."""
