"""The fluent query builder: `Query`, with one method for each clause."""
