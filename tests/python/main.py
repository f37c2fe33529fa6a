"""Runs the tests of this folder and says how many passed in words that tests/run.sh counts."""

import sys
import unittest
from pathlib import Path

if __name__ == "__main__":
    names = sys.argv[1:]
    loader = unittest.TestLoader()
    found = loader.loadTestsFromNames(names) if names else loader.discover(str(Path(__file__).parent))
    result = unittest.TextTestRunner(verbosity=2).run(found)
    failed = len(result.failures) + len(result.errors)
    print("# pass %d\n# fail %d" % (result.testsRun - failed, failed), flush=True)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
