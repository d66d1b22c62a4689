"""Query text of a tree: on one line, laid out, and in colours."""
