set -e

# Runs the tests of every file named test_*.py.
python3 -m unittest discover --pattern 'test_*.py'
