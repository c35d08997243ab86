"""Answers that a machine can score: taken, judged in a child process, ranked."""
