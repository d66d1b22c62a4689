"""TQL inside Python files."""
