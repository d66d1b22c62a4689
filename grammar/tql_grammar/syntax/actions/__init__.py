"""Actions of the grammar, which make the nodes of a tree."""
