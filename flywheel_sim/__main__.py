"""``python -m flywheel_sim`` is the command ``flywheel``."""

import sys

from flywheel_sim.cli import main

sys.exit(main())
