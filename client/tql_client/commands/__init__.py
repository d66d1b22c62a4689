"""Know the commands of ``tql``: one table for each kind of work."""
