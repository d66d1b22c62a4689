"""Rewrites from a tree to one in which the engine does what the first one says; the compiler and `fix` use them."""
