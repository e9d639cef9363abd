"""The tags that tell where a run comes from."""

from genesis_flow.client.providers import resolve_tags as resolve_tags
