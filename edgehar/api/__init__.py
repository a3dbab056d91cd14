"""One function for each task: what the command line calls, and what `import edgehar` offers."""
