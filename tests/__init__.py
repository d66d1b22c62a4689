"""The tests: a package of its own, since a folder without this file gives way to any package named `tests` that a library installs."""
