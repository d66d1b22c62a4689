"""Know how each node is written; `printer` puts the parts together."""
