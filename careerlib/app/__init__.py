"""Ways to ask: the web service with its feedback, a form for JupyterLab, a small local model."""
