"""The fluent face: a query, and one method for each clause."""
