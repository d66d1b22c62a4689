"""The commands of ``tql``: one table for each kind of work."""
