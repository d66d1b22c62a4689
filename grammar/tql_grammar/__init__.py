"""The language: texts and trees, the errors of a text, and the traps of the engine."""
