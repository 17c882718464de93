"""`python -m agent_app` is `agent-app`."""

import sys

from agent_app.cli import main

sys.exit(main())
