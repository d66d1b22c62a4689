"""Query texts with holes for values."""
