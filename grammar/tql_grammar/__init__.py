"""The language TQL: parser, printer, check and rewrites of queries, without the builder and the client."""
