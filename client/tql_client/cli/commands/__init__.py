"""Commands of ``tql``: one module, with one table of commands, for queries and one for data."""
