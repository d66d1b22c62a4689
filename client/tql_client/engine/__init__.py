"""The engine, in this process or in a child process; the only package that imports deeplake."""
