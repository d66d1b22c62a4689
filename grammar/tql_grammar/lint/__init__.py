"""Checks of query texts: the rules, their fixes, and the cache of texts without findings."""
