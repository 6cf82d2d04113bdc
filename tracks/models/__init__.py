from tracks.models.cohort import Cohort, Enrolment, Mentorship
from tracks.models.delegation import Delegation
from tracks.models.lab import Lab, StarterFile
from tracks.models.lesson import Lesson, LessonVersion
from tracks.models.progress import ComponentCompletion, LessonRead, ModuleCompletion, ModuleRenewal
from tracks.models.role import Role, RoleAssignment
from tracks.models.track import Component, Module, Track

__all__ = [
    "Cohort",
    "Component",
    "ComponentCompletion",
    "Delegation",
    "Enrolment",
    "Lab",
    "Lesson",
    "LessonRead",
    "LessonVersion",
    "Mentorship",
    "Module",
    "ModuleCompletion",
    "ModuleRenewal",
    "Role",
    "RoleAssignment",
    "StarterFile",
    "Track",
]
