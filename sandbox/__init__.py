"""A hackathon and open-data sandbox kit: describe, check, build, serve."""

__version__ = "0.1.0"
