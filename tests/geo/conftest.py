"""Squares on a small town for the map tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
