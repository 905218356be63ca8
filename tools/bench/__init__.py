"""`make bench`: whole processes against each other, in turns, on real servers of this machine.

contender.py says what a contender is and what a goal; engine_suite.py, registry_suites.py,
realistic_suites.py, assembler_suites.py and report_suite.py have them. stage.py starts what they work on;
race.py runs and times them, checks.py says whether a run did its work, report.py and machine.py word the
outcome.
"""
