"""Retrievers of frameworks, and the magic of notebooks."""
