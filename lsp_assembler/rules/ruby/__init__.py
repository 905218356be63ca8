"""Would Ruby accept a regular expression? Told by Oniguruma, with fix-ups."""
