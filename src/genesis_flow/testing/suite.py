"""What a shared suite is: tests that come as they are, over a store that the subclass gives."""

from __future__ import annotations

import pytest

from genesis_flow.stores.protocol import Store


class Suite:
    """A class of tests over the fixture ``store``; subclasses give the fixture and change no test.

    Raises:
        TypeError: at the creation of a subclass that defines a test again, or joins two suites with a test of one name.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        seen: dict[str, type] = {}
        for ancestor in cls.__mro__:
            for name in vars(ancestor):
                if name.startswith("test") and seen.setdefault(name, ancestor) is not ancestor:
                    raise TypeError(f"{cls.__name__}: the test {name} of {ancestor.__name__} may not be defined again")

    @pytest.fixture
    def second(self, store: Store) -> Store:
        """The same store opened once more; a store that several processes may share gives it."""
        if "concurrent-processes" in store.supports:
            raise NotImplementedError("a suite over a store that can be shared gives the fixture 'second'")
        pytest.skip("this store belongs to one process")
