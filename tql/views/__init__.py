"""Views of queries: Python source, differences, compiler stages, and display in notebooks."""
