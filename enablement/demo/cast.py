"""Who is in the demo. Every person is made up."""

from collections.abc import Iterator
from dataclasses import dataclass

DOMAIN = "demo.example"


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """`shows` says, for whoever tries the demo, what this person's next step is."""

    handle: str
    name: str
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    timezone: str = "UTC"
    shows: str = ""

    @property
    def email(self) -> str:
        return f"{self.handle}@{DOMAIN}"

    @property
    def place(self) -> tuple[str, str]:
        return ELSEWHERE.get(self.handle, ("us-east-1", "retail"))


STAFF = (
    Persona(
        handle="pm",
        name="Priya Menon",
        groups=("program_managers",),
        shows="sees who is ready, runs cohorts, makes reports",
    ),
    Persona(
        handle="qa1",
        name="Quentin Abara",
        groups=("quality", "quality_owners"),
        roles=("process_quality",),
        shows="answers for the shadow-mode cases and judges them blind",
    ),
    Persona(
        handle="qa2",
        name="Quilla Andersen",
        groups=("quality",),
        shows="is the second judge of some cases",
    ),
    Persona(
        handle="qa3",
        name="Quirin Bauer",
        groups=("quality",),
        shows="is asked where two judges differ",
    ),
    Persona(
        handle="author",
        name="Arjun Thorne",
        groups=("authors",),
        shows="plans and applies playbooks, keeps the roster",
    ),
    Persona(
        handle="compliance",
        name="Colette Pham",
        groups=("compliance",),
        roles=("compliance_liaison",),
        shows="sees who may use which tool, and why",
    ),
    Persona(
        handle="sponsor",
        name="Samuel Okoye",
        groups=("sponsors",),
        shows="sees to how many people each tool is open",
    ),
    Persona(
        handle="security",
        name="Signe Cruz",
        groups=("security",),
        shows="sees who may use which tool, and why; gives gateways their tokens",
    ),
    Persona(
        handle="legal",
        name="Leila Gallo",
        groups=("legal",),
        shows="sees who may use which tool, and why",
    ),
    Persona(
        handle="opsmanager",
        name="Otto Moreau",
        roles=("ops_manager",),
        shows="has an approval to decide, and a drill of exception cases under way",
    ),
    Persona(
        handle="dutymanager",
        name="Dagny Holm",
        roles=("ops_manager",),
        shows="waits for a mentor to grade the capstone",
    ),
)
#: Who works elsewhere than most, by handle: region and line of business.
ELSEWHERE = {"engineer15": ("ap-south-1", "retail"), "engineer16": ("eu-west-1", "claims")}
MENTORS = tuple(
    Persona(handle=f"mentor{number}", name=name, groups=("mentors",), shows="reviews labs, sees five mentees")
    for number, name in enumerate(
        ("Marta Ivanova", "Mikael Lund", "Mbali Ndlovu", "Miguel Torres", "Mei Tanaka"), start=1
    )
)
ENGINEER_NAMES = (
    "Amara Okafor",
    "Ben Sørensen",
    "Chen Wei",
    "Dana Petrov",
    "Elif Yıldız",
    "Farid Haddad",
    "Grace Mwangi",
    "Hugo Lindqvist",
    "Ines Carvalho",
    "Jonas Weber",
    "Kavya Raman",
    "Liam O’Connell",
    "Maya Goldberg",
    "Nikolai Sokolov",
    "Olivia Brandt",
    "Pedro Alvarez",
    "Qiao Ling",
    "Rosa Martinelli",
    "Sven Johansson",
    "Tomasz Wiśniewski",
)


def engineers(count: int) -> Iterator[tuple[str, str]]:
    """Handle and name of `count` engineers; past the twentieth the names repeat with a numeral."""
    for index in range(count):
        round_, place = divmod(index, len(ENGINEER_NAMES))
        suffix = f" {round_ + 1}" if round_ else ""
        yield f"engineer{index + 1}", f"{ENGINEER_NAMES[place]}{suffix}"
