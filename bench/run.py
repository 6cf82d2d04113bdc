"""What a scenario is given."""

from dataclasses import dataclass
from pathlib import Path

from bench.client import Client
from bench.data import Data
from bench.stack import Server


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of the bench. repeat: how often each side of a comparison is asked; folder: for files."""

    repeat: int
    data: Data
    product: Server
    floor: Server
    floor_session: str
    folder: Path

    def learner(self) -> Client:
        return Client(self.product.port, session=self.data.learner_session)

    def manager(self) -> Client:
        return Client(self.product.port, session=self.data.manager_session)

    def gateway(self) -> Client:
        return Client(self.product.port, token=self.data.token)

    def bare(self) -> Client:
        """Somebody who is signed in on the floor."""
        return Client(self.floor.port, session=self.floor_session)
