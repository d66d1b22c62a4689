"""Tools for tests of programs that send queries."""
