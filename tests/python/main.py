"""Runs the tests of this folder and says how many passed in words that tests/run.sh counts."""

import signal
import sys
import unittest
from pathlib import Path

if __name__ == "__main__":
    # Who starts this in the background of a shell has it ignore Ctrl-C, and with it each program that a test ends by Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = sys.argv[1:]
    loader = unittest.TestLoader()
    found = loader.loadTestsFromNames(names) if names else loader.discover(str(Path(__file__).parent))
    result = unittest.TextTestRunner(verbosity=2).run(found)
    failed = len(result.failures) + len(result.errors)
    print("# pass %d\n# fail %d" % (result.testsRun - failed, failed), flush=True)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
