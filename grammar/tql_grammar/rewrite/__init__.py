"""Rewrites of expressions and queries to forms that the engine evaluates as written; used by the compiler and by `fix`."""
