"""Python's values as literals of TQL."""
