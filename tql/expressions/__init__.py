"""Expressions: syntax trees of Python's operators and methods, and their conversion to physical form."""
