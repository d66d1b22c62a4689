"""The engine, in this process or in one of its own; the only package that imports deeplake."""
