"""A schedule is a story told to a world step by step. It ends in an over-mint when its mutation is in force, and some
step of it is refused when not."""

from collections.abc import Callable
from dataclasses import dataclass

from .mutations import mutated
from .world import World

Story = Callable[[World], None]


@dataclass(frozen=True)
class Schedule:
    """`refused` is what the log of the whole rules says, somewhere, in place of the over-mint."""

    mutation: str
    refused: str
    story: Story
    setting: Callable[[], World]

    def play(self, *, broken: bool) -> World:
        with mutated(self.mutation if broken else None):
            world = self.setting()
            self.story(world)
        return world


SCHEDULES: list[Schedule] = []


def schedule(mutation: str, refused: str, setting: Callable[[], World] = World) -> Callable[[Story], Story]:
    """Registers the story under the mutation that it catches."""

    def register(story: Story) -> Story:
        SCHEDULES.append(Schedule(mutation, refused, story, setting))
        return story

    return register
