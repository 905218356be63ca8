"""Run by cyber-dojo.sh."""

import unittest

from hiker import answer


class HikerTest(unittest.TestCase):
    """A test to start from: it fails."""

    def test_answer(self) -> None:
        self.assertEqual(42, answer())
