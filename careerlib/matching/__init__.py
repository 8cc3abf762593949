"""The recommender that matches: statements meet occupations, and the pair decides.

statements: what a person states and what an occupation is, as numbers that can meet.
matcher: the fitted model, its scores and its reasons. stored: its file.
learning: how it is fitted and calibrated. calibration: what its probabilities and
words are worth. neighbours: whom a person resembles. choices: on what evidence features and
penalties were chosen. trial: how all is judged, on strangers.
serving: who is led where.
"""
