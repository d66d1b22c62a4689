"""Findings about a text that was read, and the rules that explain them."""
