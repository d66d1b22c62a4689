"""The SELECTs of a query, and a picture of them."""
