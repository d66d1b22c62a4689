"""Tools for testing programs that send queries."""
