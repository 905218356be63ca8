"""What a run tells its user: pure functions from a Result to text, JSON or GitHub's workflow commands."""
