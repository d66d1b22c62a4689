"""Command line ``tql``."""
