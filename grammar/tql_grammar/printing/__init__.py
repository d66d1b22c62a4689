"""Text of each node; `printer` joins the parts."""
