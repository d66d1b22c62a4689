"""Public import name of the cell magic: ``%load_ext tql_client.magic``."""

from tql_client.integrations.magic import load_ipython_extension

__all__ = ["load_ipython_extension"]
