"""Local server of the hosted service's protocol."""
