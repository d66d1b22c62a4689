"""Entry point of ``python -m tql_client``."""

import sys

from tql_client.cli.main import main

sys.exit(main())
