"""The content beside a playbook: lessons, labs, quizzes, surveys, shadow cases and rubrics, from files."""

from enablement.playbook.content.model import Content, ModuleContent, PoolContent, TrackContent
from enablement.playbook.content.reading import read_content

__all__ = ["Content", "ModuleContent", "PoolContent", "TrackContent", "read_content"]
