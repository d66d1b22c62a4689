"""The plan of a query: a tree of relational operations, in the order in which they happen."""
