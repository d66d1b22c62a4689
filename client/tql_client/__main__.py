"""Run the command line as ``python -m tql_client``."""

import sys

from tql_client.cli import main

sys.exit(main())
