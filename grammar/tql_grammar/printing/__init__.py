"""Query text of a tree: on one line, formatted on several lines, and highlighted."""
