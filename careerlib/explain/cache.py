"""Answers of language models on disk, so that a second run asks nothing.

An entry is found by model, settings, schema and prompt: change any of these and it is asked
again. An entry holds the answer and what it cost, never the API key, and nothing of the
person beyond the ratings that the prompt's hash was made from.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from careerlib.project import replace_file

FOLDER = Path(__file__).resolve().parents[2] / "outputs" / "answers"
FORMAT = 1


def entry_name(settings: dict[str, Any], schema: type[BaseModel], messages: list[dict]) -> str:
    """SHA-256 of everything that decides the answer."""
    question = json.dumps(
        [FORMAT, settings, schema.model_json_schema(), messages], sort_keys=True, ensure_ascii=True
    )
    return hashlib.sha256(question.encode()).hexdigest()


@dataclass
class AnswerCache:
    """A folder of answers. `notices` collects one sentence for each entry that was unusable."""

    folder: Path = FOLDER
    notices: list[str] = field(default_factory=list)

    def get(self, name: str, schema: type[BaseModel]) -> tuple[BaseModel, int, int] | None:
        """(answer, prompt tokens, answer tokens), or None where there is no usable entry."""
        path = self._path(name)
        try:
            entry = json.loads(path.read_bytes())
            if entry["name"] != name:
                raise ValueError
            return schema(**entry["answer"]), int(entry["tokens"][0]), int(entry["tokens"][1])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, IndexError, ValidationError):
            self._note(
                f"The cached answer '{path.name}' is damaged and was ignored; it is asked anew."
            )
            return None

    def put(self, name: str, answer: BaseModel, prompt_tokens: int, answer_tokens: int) -> None:
        """Keep an answer; a folder that cannot be written costs a notice, not the answer."""
        entry = {
            "name": name,
            "answer": answer.model_dump(),
            "tokens": [prompt_tokens, answer_tokens],
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._path(name), json.dumps(entry, indent=1).encode())
        except OSError as error:
            self._note(
                f"Answers cannot be kept in '{self.folder.name}' ({error.strerror}); the next run "
                "will ask again."
            )

    def _path(self, name: str) -> Path:
        return Path(self.folder) / f"{name[:32]}.json"

    def _note(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)
