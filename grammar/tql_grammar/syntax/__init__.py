"""Parser of query texts: tokens, parse table, actions, and findings about text and syntax."""
