"""What makes a model right on one person: the last layer from a window per activity, and the file that keeps it."""
