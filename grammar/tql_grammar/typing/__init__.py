"""Columns that each SELECT can see, and types of expressions."""
