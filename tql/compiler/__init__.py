"""The compiler: five passes from a statement to the text in which the engine gives it its meaning."""
