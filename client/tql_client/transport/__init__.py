"""Transport of queries over HTTP; the only package that imports requests."""
