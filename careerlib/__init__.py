"""careerlib: the helper package of the career recommender notebooks."""

__version__ = "1.0.0"
