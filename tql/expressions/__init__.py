"""Expressions: Python's operators and methods as trees, and the forms that the engine takes."""
