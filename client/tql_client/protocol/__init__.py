"""Calls, addresses, tokens, and the format of requests and answers, for client, server and engine."""
