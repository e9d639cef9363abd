"""The exceptions that MLflow's users catch; everything that Genesis-Flow raises on purpose is an ``MlflowException``.

Source: names, codes, statuses and members of mlflow 3.17.2.
"""

from __future__ import annotations

import json as _json
from typing import Any, ClassVar

# The numbers that MLflow's own code passes around where a code is meant.
CODE_NUMBERS: dict[str, int] = {
    "INTERNAL_ERROR": 1,
    "TEMPORARILY_UNAVAILABLE": 2,
    "IO_ERROR": 3,
    "BAD_REQUEST": 4,
    "DEADLINE_EXCEEDED": 7,
    "CANCELLED": 8,
    "RESOURCE_EXHAUSTED": 9,
    "ABORTED": 10,
    "NOT_FOUND": 11,
    "ALREADY_EXISTS": 12,
    "UNAUTHENTICATED": 13,
    "INVALID_PARAMETER_VALUE": 1000,
    "ENDPOINT_NOT_FOUND": 1001,
    "MALFORMED_REQUEST": 1002,
    "INVALID_STATE": 1003,
    "PERMISSION_DENIED": 1004,
    "FEATURE_DISABLED": 1005,
    "CUSTOMER_UNAUTHORIZED": 1006,
    "REQUEST_LIMIT_EXCEEDED": 1007,
    "RESOURCE_CONFLICT": 1008,
    "NOT_IMPLEMENTED": 1010,
    "DATA_LOSS": 1011,
    "RESOURCE_ALREADY_EXISTS": 3001,
    "RESOURCE_DOES_NOT_EXIST": 3002,
    "QUOTA_EXCEEDED": 4001,
}
CODES = {number: code for code, number in CODE_NUMBERS.items()}

ABORTED = CODE_NUMBERS["ABORTED"]
ALREADY_EXISTS = CODE_NUMBERS["ALREADY_EXISTS"]
BAD_REQUEST = CODE_NUMBERS["BAD_REQUEST"]
CANCELLED = CODE_NUMBERS["CANCELLED"]
CUSTOMER_UNAUTHORIZED = CODE_NUMBERS["CUSTOMER_UNAUTHORIZED"]
DATA_LOSS = CODE_NUMBERS["DATA_LOSS"]
DEADLINE_EXCEEDED = CODE_NUMBERS["DEADLINE_EXCEEDED"]
ENDPOINT_NOT_FOUND = CODE_NUMBERS["ENDPOINT_NOT_FOUND"]
INTERNAL_ERROR = CODE_NUMBERS["INTERNAL_ERROR"]
INVALID_PARAMETER_VALUE = CODE_NUMBERS["INVALID_PARAMETER_VALUE"]
INVALID_STATE = CODE_NUMBERS["INVALID_STATE"]
NOT_FOUND = CODE_NUMBERS["NOT_FOUND"]
NOT_IMPLEMENTED = CODE_NUMBERS["NOT_IMPLEMENTED"]
PERMISSION_DENIED = CODE_NUMBERS["PERMISSION_DENIED"]
REQUEST_LIMIT_EXCEEDED = CODE_NUMBERS["REQUEST_LIMIT_EXCEEDED"]
RESOURCE_ALREADY_EXISTS = CODE_NUMBERS["RESOURCE_ALREADY_EXISTS"]
RESOURCE_CONFLICT = CODE_NUMBERS["RESOURCE_CONFLICT"]
RESOURCE_DOES_NOT_EXIST = CODE_NUMBERS["RESOURCE_DOES_NOT_EXIST"]
RESOURCE_EXHAUSTED = CODE_NUMBERS["RESOURCE_EXHAUSTED"]
TEMPORARILY_UNAVAILABLE = CODE_NUMBERS["TEMPORARILY_UNAVAILABLE"]
UNAUTHENTICATED = CODE_NUMBERS["UNAUTHENTICATED"]

STATUS: dict[str, int] = {
    "TEMPORARILY_UNAVAILABLE": 503,
    "BAD_REQUEST": 400,
    "DEADLINE_EXCEEDED": 504,
    "CANCELLED": 499,
    "RESOURCE_EXHAUSTED": 429,
    "ABORTED": 409,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "UNAUTHENTICATED": 401,
    "INVALID_PARAMETER_VALUE": 400,
    "ENDPOINT_NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "CUSTOMER_UNAUTHORIZED": 401,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_CONFLICT": 409,
    "NOT_IMPLEMENTED": 501,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_DOES_NOT_EXIST": 404,
}
"""The HTTP status of each code; 500 is that of all others."""


_OF_STATUS = {
    400: BAD_REQUEST,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: ENDPOINT_NOT_FOUND,
    409: ALREADY_EXISTS,
    429: RESOURCE_EXHAUSTED,
    499: CANCELLED,
    501: NOT_IMPLEMENTED,
    503: TEMPORARILY_UNAVAILABLE,
    504: DEADLINE_EXCEEDED,
}


def get_error_code(http_status: int) -> int:
    """The number of the code that an HTTP status stands for; ``INTERNAL_ERROR`` for one that stands for none."""
    return _OF_STATUS.get(http_status, INTERNAL_ERROR)


class MlflowException(Exception):
    """The root of everything that is raised on purpose.

    Args:
        message: what went wrong.
        error_code: the code, as a number or a name; an unknown one counts as ``INTERNAL_ERROR``.
        sqlstate: kept for callers of MLflow's constructor; told by :meth:`serialize_as_json` if given.
        error_class: the same.
        kwargs: further fields of :meth:`serialize_as_json`.

    Attributes:
        code: the error's code, as a name.
        status: the HTTP status that goes with it.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: object,
        error_code: int | str = INTERNAL_ERROR,
        sqlstate: str | None = None,
        error_class: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(str(message))
        name = CODES.get(error_code, "INTERNAL_ERROR") if isinstance(error_code, int) else error_code
        if name != "INTERNAL_ERROR":  # a class of the tree below knows its own
            self._is(name, STATUS.get(name, 500))
        self.sqlstate, self.error_class, self.json_kwargs = sqlstate, error_class, kwargs

    def _is(self, code: str, status: int) -> None:
        """Makes code and status facts of this error instead of its class."""
        self.code = code  # type: ignore[misc]
        self.status = status  # type: ignore[misc]

    @property
    def message(self) -> str:
        """What went wrong."""
        return str(self)

    @property
    def error_code(self) -> str:
        """The code, as a name."""
        return self.code

    def get_http_status_code(self) -> int:
        """The HTTP status that goes with the code."""
        return self.status

    def serialize_as_json(self) -> str:
        """The error as a server of MLflow's interface answers it."""
        fields: dict[str, Any] = {"error_code": self.error_code, "message": self.message}
        if self.sqlstate is not None:
            fields["sqlstate"] = self.sqlstate
        if self.error_class is not None:
            fields["error_class"] = self.error_class
        return _json.dumps({**fields, **self.json_kwargs})

    @classmethod
    def invalid_parameter_value(
        cls, message: str, sqlstate: str | None = None, error_class: str | None = None, **kwargs: Any
    ) -> MlflowException:
        """An error with the code ``INVALID_PARAMETER_VALUE``."""
        return cls(message, INVALID_PARAMETER_VALUE, sqlstate, error_class, **kwargs)


class RestException(MlflowException):
    """What a server answered instead of what it was asked for.

    Args:
        json: the server's answer, with ``error_code`` and ``message``.

    Attributes:
        json: the same.
    """

    def __init__(self, json: dict[str, Any]) -> None:
        code = json.get("error_code", "INTERNAL_ERROR")
        # COMPAT: mlflow 3.17 puts the code in front of the sentence, and takes a code that it does not know for
        # INTERNAL_ERROR.
        known = code if code in CODE_NUMBERS else CODES.get(code, "INTERNAL_ERROR")
        super().__init__(f"{code}: {json.get('message', 'The server gave no reason.')}", known)
        self.json = json

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.json,)


class ExecutionException(MlflowException):
    """A command that was run failed."""


class MissingConfigException(MlflowException):
    """A file of settings is not where it was expected."""


class InvalidUrlException(MlflowException):
    """A URL is not one that can be asked."""


class MlflowNotImplementedException(MlflowException):
    """What was asked for does not exist in this version."""

    code = "NOT_IMPLEMENTED"
    status = 501

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
