"""TQL inside of Python files."""
