"""A search as it was asked: read in one way by every store, and continued by a token that is bound to it.

Which fields of a request must stay the same from page to page is said here, once for each noun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.registry import IS_PROMPT
from genesis_flow.search.ast import And, Comparison, Expression, Field, Kind, Not, Or, Order, Type
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS, Grammar
from genesis_flow.search.parse import parse_filter, parse_order, parse_order_fields
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import (
    experiments,
    extended,
    keys,
    logged_models,
    model_history,
    registry,
    run_tables,
    runs,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A search.

    Attributes:
        expression: the filter.
        order: a total order.
        experiments: the keys of the experiments to look in, each once; none for experiments themselves.
        position: where the page before ended, as the store that made the token put it; None for the first page.
    """

    expression: Expression | None
    order: Sequence[Order]
    experiments: Sequence[int]
    position: Any
    _bound: Any
    _secret: bytes

    def cut(self, found: Sequence[T], most: int, position_of: Callable[[T], Any]) -> tuple[Sequence[T], str | None]:
        """The first ``most`` of what was found, and the token of the page behind them, if there are more.

        Args:
            found: in order; one more than ``most`` is enough.
            position_of: the position of one of them, as anything MessagePack can hold.
        """
        shown = found[:most]
        more = len(found) > len(shown) > 0
        return shown, make_token(self._secret, self._bound, position_of(shown[-1])) if more else None


def _asked(
    expression: Expression | None,
    order: Sequence[Order],
    keys: Sequence[int],
    bound: Any,
    token: str | None,
    secret: bytes,
) -> Asked:
    position = read_token(secret, bound, token) if token else None
    return Asked(expression, order, keys, position, bound, secret)


def of_runs(message: runs.SearchRuns, secret: bytes) -> Asked:
    """A search for runs.

    Raises:
        InvalidRequest: the filter, the order, an experiment's id or the token is none.
    """
    expression, order = parse_filter(message.filter, RUNS), parse_order(message.order_by, RUNS)
    keys = _keys(message.experiment_ids)
    bound = ["runs", keys, message.filter or "", message.order_by, message.run_view_type]
    return _asked(expression, order, keys, bound, message.page_token, secret)


def of_table(message: run_tables.GetRunsTable) -> Asked:
    """The search of a table of runs, which has no token.

    Raises:
        InvalidRequest: the filter, the order or an experiment's id is none.
    """
    expression, order = parse_filter(message.filter, RUNS), parse_order(message.order_by, RUNS)
    return Asked(expression, order, _keys(message.experiment_ids), None, None, b"")


def of_experiments(message: experiments.SearchExperiments, view: str, secret: bytes) -> Asked:
    """A search for experiments in a view.

    Raises:
        InvalidRequest: the filter, the order or the token is none.
    """
    expression, order = parse_filter(message.filter, EXPERIMENTS), parse_order(message.order_by, EXPERIMENTS)
    bound = ["experiments", message.filter or "", message.order_by, view]
    return _asked(expression, order, (), bound, message.page_token, secret)


def of_models(message: logged_models.SearchLoggedModels, secret: bytes) -> Asked:
    """A search for logged models.

    Raises:
        InvalidRequest: the filter, the order, an experiment's id or the token is none.
    """
    terms = [(term.field_name, term.ascending) for term in message.order_by]
    expression, order = parse_filter(message.filter, LOGGED_MODELS), parse_order_fields(terms, LOGGED_MODELS)
    keys = _keys(message.experiment_ids)
    bound = ["models", keys, message.filter or "", message.order_by, message.datasets]
    return _asked(expression, order, keys, bound, message.page_token, secret)


def of_registered_models(message: registry.SearchRegisteredModels, secret: bytes) -> Asked:
    """A search for registered models.

    Raises:
        InvalidRequest: the filter, the order or the token is none.
    """
    return _of_registry("registered models", message, REGISTERED_MODELS, secret)


def of_model_versions(message: registry.SearchModelVersions, secret: bytes) -> Asked:
    """A search for versions of registered models.

    Raises:
        InvalidRequest: the filter, the order or the token is none.
    """
    return _of_registry("model versions", message, MODEL_VERSIONS, secret)


def _of_registry(
    noun: str,
    message: registry.SearchRegisteredModels | registry.SearchModelVersions,
    grammar: Grammar,
    secret: bytes,
) -> Asked:
    expression = _prompts_apart(parse_filter(message.filter, grammar))
    bound = [noun, message.filter or "", message.order_by]
    return _asked(expression, parse_order(message.order_by, grammar), (), bound, message.page_token, secret)


def of_timeline(message: model_history.GetModelTimeline, secret: bytes) -> Asked:
    """A look at a model's history; its positions are a time and a number that tells changes of one time apart.

    Raises:
        InvalidPageToken: the token is none.
    """
    bound = ["timeline", message.name, message.since, message.until, message.kind]
    return _asked(None, (), (), bound, message.page_token, secret)


def of_keys(message: keys.ListExperimentKeys, secret: bytes) -> Asked:
    """A list of the keys of an experiment; its positions are the number of a kind and a key.

    Raises:
        InvalidPageToken: the token is none.
    """
    bound = ["keys", experiment_key(message.experiment_id), message.kind, message.q or ""]
    return _asked(None, (), (), bound, message.page_token, secret)


def of_webhooks(message: extended.ListWebhooks, secret: bytes) -> Asked:
    """A list of webhooks, the newest first; its positions are a time and an id.

    Raises:
        InvalidPageToken: the token is none.
    """
    return _asked(None, (), (), ["webhooks", message.run_events], message.page_token, secret)


_PROMPT = Comparison(Field(Kind.TAG, IS_PROMPT, Type.STRING), "=", "true")
_NO_PROMPT = Not(_PROMPT)


def _prompts_apart(expression: Expression | None) -> Expression:
    """The filter; if it does not speak of prompts, without them.

    COMPAT: mlflow 3.17 takes ``= 'false'`` and ``!= 'true'`` of the tag for "no prompt", also where there is no tag.
    """
    if expression is None:
        return _NO_PROMPT
    said, speaks = _said_of_prompts(expression)
    if speaks:
        return said
    return And((*said.terms, _NO_PROMPT)) if isinstance(said, And) else And((said, _NO_PROMPT))


def _said_of_prompts(expression: Expression) -> tuple[Expression, bool]:
    """The expression with what it says of prompts put plainly, and whether it says anything of them."""
    match expression:
        case And(terms) | Or(terms):
            pairs = [_said_of_prompts(term) for term in terms]
            return type(expression)(tuple(term for term, _ in pairs)), any(speaks for _, speaks in pairs)
        case Not(term):
            said, speaks = _said_of_prompts(term)
            return Not(said), speaks
        case Comparison(field, "=", "false") | Comparison(field, "!=", "true") if field == _PROMPT.field:
            return _NO_PROMPT, True
        case _:
            return expression, expression.field == _PROMPT.field


def _keys(experiment_ids: Sequence[str]) -> list[int]:
    return sorted({experiment_key(experiment_id) for experiment_id in experiment_ids})


def runs_page(found: Sequence[bytes], token: str | None) -> Encoded[runs.SearchRunsResponse]:
    """The answer to a search for runs, from the JSON of each."""
    return Encoded(_page("runs", found, token), runs.SearchRunsResponse)


def versions_page(found: Sequence[bytes], token: str | None) -> Encoded[registry.SearchModelVersionsResponse]:
    """The answer to a search for versions of registered models, from the JSON of each."""
    return Encoded(_page("model_versions", found, token), registry.SearchModelVersionsResponse)


def _page(field: str, found: Sequence[bytes], token: str | None) -> bytes:
    shown = f'"{field}":['.encode() + b",".join(found) + b"]" if found else b""
    next_page = f',"next_page_token":"{token}"'.encode() if token else b""
    return b"{" + shown + next_page + b"}"
