"""The shell of ``tql shell``: queries that are typed one after the other."""
