"""The words for where a run or an experiment is in its life, and for what a search looks at."""

from __future__ import annotations


class LifecycleStage:
    """Whether something is deleted."""

    ACTIVE = "active"
    DELETED = "deleted"

    @classmethod
    def view_type_to_stages(cls, view_type: int = 3) -> list[str]:
        """The stages that a view type of a search looks at."""
        return [stage for stage in (cls.ACTIVE, cls.DELETED) if cls.matches_view_type(view_type, stage)]

    @classmethod
    def is_valid(cls, lifecycle_stage: object) -> bool:
        """Whether there is such a stage."""
        return lifecycle_stage in (cls.ACTIVE, cls.DELETED)

    @classmethod
    def matches_view_type(cls, view_type: int, lifecycle_stage: str) -> bool:
        """Whether a search of this view type finds what is in this stage."""
        return view_type == ViewType.ALL or (view_type == ViewType.DELETED_ONLY) == (lifecycle_stage == cls.DELETED)


class ViewType:
    """Which of the deleted and not deleted a search looks at."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3

    _NAMES = ("active_only", "deleted_only", "all")

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of a name; raises ``ValueError`` for a name that is none."""
        if view_str not in cls._NAMES:
            raise ValueError(f"no view type is called {view_str!r}: it must be one of {', '.join(cls._NAMES)}")
        return cls._NAMES.index(view_str) + 1

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The name of a number; raises ``ValueError`` for a number that is none."""
        if view_type not in (1, 2, 3):
            raise ValueError(f"no view type has the number {view_type!r}: it must be 1, 2 or 3")
        return cls._NAMES[view_type - 1]


class RunStatus:
    """The status of a run, as the numbers that MLflow's interface has for them."""

    RUNNING = 1
    SCHEDULED = 2
    FINISHED = 3
    FAILED = 4
    KILLED = 5

    _NAMES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a name; raises ``ValueError`` for a name that is none."""
        if status_str not in RunStatus._NAMES:
            raise ValueError(f"no run status is called {status_str!r}: it must be one of {', '.join(RunStatus._NAMES)}")
        return RunStatus._NAMES.index(status_str) + 1

    @staticmethod
    def to_string(status: int) -> str:
        """The name of a number; raises ``ValueError`` for a number that is none."""
        if status not in RunStatus.all_status():
            raise ValueError(f"no run status has the number {status!r}: it must be between 1 and 5")
        return RunStatus._NAMES[status - 1]

    @staticmethod
    def is_terminated(status: int) -> bool:
        """Whether a run of this status has ended."""
        return status in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)

    @staticmethod
    def all_status() -> list[int]:
        """All numbers."""
        return [1, 2, 3, 4, 5]


class SourceType:
    """Where the code of a run came from."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 1000

    SOURCETYPE_TO_STRING = {  # noqa: RUF012  # an attribute of MLflow's class
        NOTEBOOK: "NOTEBOOK",
        JOB: "JOB",
        PROJECT: "PROJECT",
        LOCAL: "LOCAL",
        UNKNOWN: "UNKNOWN",
    }

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a name; raises ``ValueError`` for a name that is none."""
        for number, name in SourceType.SOURCETYPE_TO_STRING.items():
            if name == status_str:
                return number
        raise ValueError(f"no source type is called {status_str!r}")

    @staticmethod
    def to_string(status: int) -> str:
        """The name of a number; raises ``ValueError`` for a number that is none."""
        if status not in SourceType.SOURCETYPE_TO_STRING:
            raise ValueError(f"no source type has the number {status!r}")
        return SourceType.SOURCETYPE_TO_STRING[status]
