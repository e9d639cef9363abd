"""A name for a run that was given none: three parts, easy to say and to tell apart."""

from __future__ import annotations

import random

ADJECTIVES = (
    "agile amber bold brave bright brisk calm candid clear clever coral cosmic crisp curious dapper daring dusky eager "
    "early earnest fair fleet fluent frank gentle glad golden grand hardy hidden honest humble ivory jolly keen kind "
    "lively loyal lucid lunar mellow merry mighty modest noble nimble olive patient placid polite proud quick quiet "
    "rapid ready robust rosy rustic serene sharp silent silver sleek smart solid spry steady stellar sunny swift tidy "
    "tender valiant vivid warm wise witty young zesty"
).split()

NOUNS = (
    "acorn antler aspen badger beacon birch bison brook canyon cedar cliff comet condor coyote crane creek delta dune "
    "eagle ember falcon fern finch fjord forest fox gale geyser glacier grove gull harbor hawk heron hill ibis island "
    "jaguar juniper kestrel lagoon lark lynx maple marten meadow meteor moose moss nebula oak ocean orca osprey otter "
    "owl panther pebble pine plover prairie puma quail quartz raven reef ridge river robin sable salmon sequoia sierra "
    "sparrow spruce stork summit swan tern thicket tiger trout tundra valley walrus willow wolf wren yarrow zebra"
).split()


def random_run_name() -> str:
    """A name such as ``swift-otter-417``; not unique, and not meant to be."""
    return f"{random.choice(ADJECTIVES)}-{random.choice(NOUNS)}-{random.randint(100, 999)}"
