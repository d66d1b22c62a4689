"""The page of `tql serve --ui`: its files, and the replies to what it asks about query texts."""
