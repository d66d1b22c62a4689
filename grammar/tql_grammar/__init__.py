"""Know the language: text and tree, what is wrong with a text, and what the engine would do with it."""
