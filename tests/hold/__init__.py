"""What no kill, full disk, closed pipe or second process may break."""
