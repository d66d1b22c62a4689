"""Know how a tree becomes another tree in which the engine does what the first one says; the compiler and `fix` both use it."""
