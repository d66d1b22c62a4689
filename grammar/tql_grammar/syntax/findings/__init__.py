"""Findings about the text, the syntax and the depth of a query."""
