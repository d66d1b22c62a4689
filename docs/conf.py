"""Configuration of the documentation's build: ``make docs``."""

from tql_client.version import __version__

project = "tql"
version = release = __version__
html_title = f"tql {__version__}"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_heading_anchors = 3
smartquotes = False  # quotes of code in prose stay as they are typed
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tql.css"]
html_show_sourcelink = False
exclude_patterns = ["_build"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False
