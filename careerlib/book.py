from pathlib import Path
def write_book(outputs: Path) -> Path:
    return Path(outputs) / "book" / "index.html"
