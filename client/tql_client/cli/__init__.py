"""The command ``tql``."""
