"""Pages of what was searched."""

from genesis_flow.entities.paged_list import PagedList as PagedList
