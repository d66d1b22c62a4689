"""Actions of the grammar, which build the nodes of a tree."""
