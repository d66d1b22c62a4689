"""Check of query texts: the rules, their fixes, and the cache of queries without findings."""
