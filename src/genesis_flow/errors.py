"""Every error of Genesis-Flow: its code, its HTTP status and the sentence it says.

A class takes facts and writes the sentence: what went wrong, which value, what is allowed. A sentence never
holds a secret, a path of the server or a statement of a database. Codes and their statuses are those of MLflow
3.17 (``contract/errors.json``), so an unmodified MLflow client raises the exception its users already catch.

The tree::

    GenesisFlowError                 500 INTERNAL_ERROR
    ├── InvalidRequest               400 INVALID_PARAMETER_VALUE
    │   ├── MissingParameter, InvalidParameter, InvalidSearch, InvalidPageToken, InvalidPath, …
    │   └── MalformedRequest         bytes that are not a request at all
    ├── NotFound                     404 RESOURCE_DOES_NOT_EXIST
    ├── AlreadyExists                400 RESOURCE_ALREADY_EXISTS
    ├── Conflict                     409 RESOURCE_CONFLICT
    ├── Forbidden                    403 PERMISSION_DENIED
    ├── Unsupported                  501 NOT_IMPLEMENTED
    └── Unavailable                  503 TEMPORARILY_UNAVAILABLE
"""

from __future__ import annotations

from collections.abc import Mapping

from genesis_flow.exceptions import MlflowException, RestException


def shown(value: object, limit: int = 100) -> str:
    """``value`` as a message may show it: quoted, on one line, at most ``limit`` characters of it."""
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= limit else f"{text[:limit]}…"
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut) + "'"


class GenesisFlowError(MlflowException):
    """The root of every error that Genesis-Flow raises on purpose."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class ServerError(GenesisFlowError):
    """What another server answered, kept as it came: code, status and message.

    Args:
        code: the error code of the answer, ``INTERNAL_ERROR`` if it had none.
        status: the HTTP status of the answer.
        message: the sentence of the answer.
        retry_after_s: how long the server asks to wait before the next try, if it does.
    """

    def __init__(self, code: str, status: int, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self._is(code, status)

    def for_users(self) -> RestException:
        """The same as users of MLflow's client catch it."""
        return RestException({"error_code": self.code, "message": self.message})


# --- the request is wrong -----------------------------------------------------------------------------------


class InvalidRequest(GenesisFlowError):
    """A well-formed request whose values are not allowed."""

    code = "INVALID_PARAMETER_VALUE"
    status = 400


class MissingParameter(InvalidRequest):
    """A required parameter is absent or empty."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"The required parameter '{name}' is missing or empty.")


class InvalidParameter(InvalidRequest):
    """A parameter has a value that is not allowed.

    Args:
        name: the parameter, as the interface spells it.
        value: what came.
        allowed: what may come, as the end of the sentence "… must be".
    """

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name, self.value, self.allowed = name, value, allowed
        super().__init__(f"Invalid value {shown(value)} for parameter '{name}': it must be {allowed}.")


class InvalidMetricValue(InvalidParameter, TypeError):
    """A metric's value is no number; a ``TypeError`` too, which is what MLflow's client raises.

    Args:
        key: of which metric.
        value: what came.
    """

    def __init__(self, key: str, value: object) -> None:
        super().__init__(f"value of the metric {shown(key)}", value, "a number")


class UndecodableField(InvalidRequest):
    """A field of a request has the wrong type or lies out of range.

    Args:
        field: the path of the field, e.g. ``metrics[3].step``; empty for the message itself.
        reason: what was expected and what came.
    """

    def __init__(self, field: str, reason: str) -> None:
        where = f"Invalid value for parameter '{field}'" if field else "Invalid request"
        super().__init__(f"{where}: {reason}.")


class InvalidSearch(InvalidRequest):
    """A filter or an ordering that cannot be understood; the message points at the character.

    Args:
        text: the filter as it came.
        position: 0-based index of the first character that could not be understood.
        reason: what is wrong there, and what could stand there instead.
    """

    _WINDOW = 60

    def __init__(self, text: str, position: int, reason: str) -> None:
        self.position = position
        start = max(0, position - self._WINDOW)
        window = "".join(c if c.isprintable() else " " for c in text[start : position + self._WINDOW])
        caret = " " * (position - start) + "^"
        super().__init__(f"{reason} (at character {position + 1})\n{window}\n{caret}")


class InvalidColumn(InvalidRequest):
    """A column of a table that is no field.

    Args:
        name: which of the columns, as the interface spells it: ``columns[3]``.
        error: what is wrong with it.
    """

    def __init__(self, name: str, error: InvalidSearch) -> None:
        super().__init__(f"Invalid value for parameter '{name}': {error}")


class FilterTooDeep(InvalidRequest):
    """A filter that is nested deeper than the database can read."""

    def __init__(self) -> None:
        super().__init__("The filter is nested too deep for this database: AND and OR alternate too often in it.")


class InvalidPageToken(InvalidRequest):
    """A page token that this server did not make for this query."""

    def __init__(self) -> None:
        super().__init__(
            "Invalid page token: pass the next_page_token of the previous page, with the same filter and order."
        )


class InvalidPath(InvalidRequest):
    """A path of an artifact that is not a plain relative path."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid path: {reason}.")


class ParameterChanged(InvalidRequest):
    """A param of a run is written again with another value."""

    def __init__(self, key: str, old: str, new: str) -> None:
        super().__init__(
            f"Params of a run are written once: {shown(key)} is {shown(old)} already and cannot become {shown(new)}."
        )


class RunNotActive(InvalidRequest):
    """A write to a run that is deleted."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"The run {shown(run_id)} is deleted; restore it before writing to it.")


class DocumentFull(InvalidRequest):
    """A write that would make something larger than the database can hold in one document."""

    def __init__(self) -> None:
        super().__init__(
            "This would become larger than the 16 MB that the database keeps together: log long texts as artifacts."
        )


class ExperimentNotActive(InvalidRequest):
    """A write to an experiment that is deleted."""

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"The experiment {shown(experiment_id)} is deleted; restore it first.")


class ArtifactIsDirectory(InvalidRequest):
    """A file was asked for where a directory is."""

    def __init__(self, path: str) -> None:
        super().__init__(f"The artifact {shown(path)} is a directory; ask for one of its files.")


class UnsupportedLocation(InvalidRequest):
    """A store or artifact location of a scheme that this installation does not open.

    Args:
        scheme: the scheme only, because the rest of a URI may hold credentials.
        hint: what to do about it, as a sentence.
    """

    def __init__(self, scheme: str, hint: str = "") -> None:
        super().__init__(f"Locations of the scheme '{scheme}:' are not supported here.{' ' if hint else ''}{hint}")


class NoOfflineRuns(InvalidRequest):
    """A folder in which nothing was logged offline."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{shown(folder)} is no folder of offline runs. They are where MLFLOW_TRACKING_URI=offline:FOLDER says."
        )


class PushToFolder(InvalidRequest):
    """What was logged offline is to be sent to where it is, or to another such folder."""

    def __init__(self) -> None:
        super().__init__(
            "What was logged offline is sent to a server or a database, and the tracking URI names a folder of offline "
            "runs. Give the server with --tracking-uri."
        )


class PushUntold(InvalidRequest):
    """Something was logged offline to what the folder does not know.

    Args:
        what: run, experiment or logged model.
        id_: its id in the folder.
    """

    def __init__(self, what: str, id_: str) -> None:
        super().__init__(
            f"No journal in the folder says how the {what} {shown(id_)} was made. It is sent when the missing journal "
            "is there."
        )


class PushTargetDeleted(InvalidRequest):
    """What offline runs are sent to is deleted.

    Args:
        what: run, experiment or logged model.
        name: its name, or its id.
    """

    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            f"The {what} {shown(name)} is deleted on the server. Restore it there; then push again to send the rest."
        )


class PushTargetGone(InvalidRequest):
    """What was sent before is not there any more, or belongs to somebody else.

    Args:
        what: run or logged model.
        id_: its id on the server.
        folder: where the notes about that server are.
    """

    def __init__(self, what: str, id_: str, folder: str) -> None:
        super().__init__(
            f"The {what} {shown(id_)}, which holds what was sent before, is not on the server any more, or is not of "
            f"this folder. To send all of it again, remove the notes about this server: {folder}."
        )


class UnknownDatasetSource(GenesisFlowError):
    """No kind of source of datasets understands what was given.

    Args:
        given: a path or URI, of which no more than the scheme is told, or whatever else it was.
    """

    code = "RESOURCE_DOES_NOT_EXIST"
    status = 404

    def __init__(self, given: object) -> None:
        scheme, colon, _ = given.partition(":") if isinstance(given, str) else ("", "", "")
        what = shown(scheme + colon or (given if isinstance(given, str) else type(given).__name__))
        super().__init__(
            f"No source of datasets is known for {what}: it must be a path, an http(s) address or the URI of a bucket, "
            "or a kind of source that was registered."
        )


class AliasNotFound(InvalidRequest):
    """The registered model has no such alias, or had none at that time.

    COMPAT: mlflow 3.17 answers 400 and not 404.
    """

    def __init__(self, name: str, alias: str) -> None:
        super().__init__(f"The registered model {shown(name)} has no alias {shown(alias)}.")


class DigestMismatch(InvalidRequest):
    """The bytes of an upload are not those that its sender announced.

    Args:
        sha256: the digest of what came.
    """

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"The file was not stored: its bytes have the SHA-256 {sha256}, not the one that was announced. Send it "
            "again."
        )


class UploadIncomplete(InvalidRequest):
    """An upload was called complete with parts that the store does not have, or not so."""

    def __init__(self) -> None:
        super().__init__("The upload is not complete: the parts that were named are not those that were sent.")


class NotDirect(InvalidRequest):
    """A link to the bucket was asked for where the artifacts are to go through the server.

    Args:
        what: what was asked for, as the beginning of a sentence.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is only there for artifacts that are in a bucket by their own location; these are proxied, under "
            "'mlflow-artifacts:'."
        )


class LocationWithCredentials(InvalidRequest):
    """A location that would keep a secret wherever it is stored, shown or logged."""

    def __init__(self) -> None:
        super().__init__(
            "A location of artifacts must not hold a password, a key or a signature. Give them to the program by the "
            "variables or the identity of the cloud; see docs/artifacts.md."
        )


class MalformedRequest(InvalidRequest):
    """The bytes of a request are not what its content type says."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The request cannot be read: {reason}.")


class RequestTooLarge(MalformedRequest):
    """A body, or a field of it, that is larger than the server takes."""

    code = "RESOURCE_EXHAUSTED"
    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"its body is larger than {limit_bytes:,} bytes")


class UnknownEndpoint(GenesisFlowError):
    """No operation has this path."""

    code = "ENDPOINT_NOT_FOUND"
    status = 404

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no endpoint {shown(path)} on this server.")


class MethodNotAllowed(MalformedRequest):
    """The path exists, but not with this method."""

    code = "BAD_REQUEST"
    status = 405

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(f"the method {method} is not allowed here, only {', '.join(allowed)}")


# --- the thing is not there, or there already ----------------------------------------------------------------


class NotFound(GenesisFlowError):
    """The thing that a request names does not exist."""

    code = "RESOURCE_DOES_NOT_EXIST"
    status = 404


class ExperimentNotFound(NotFound):
    """No experiment has this id."""

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"No experiment has the id {shown(experiment_id)}.")


class ExperimentNameNotFound(NotFound):
    """No experiment has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No experiment has the name {shown(name)}.")


class RunNotFound(NotFound):
    """No run has this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"No run has the id {shown(run_id)}.")


class TagNotFound(NotFound):
    """The thing has no tag of this name."""

    def __init__(self, key: str, owner: str) -> None:
        super().__init__(f"{owner} has no tag {shown(key)}.")


class LoggedModelNotFound(NotFound):
    """No logged model has this id."""

    def __init__(self, model_id: str) -> None:
        super().__init__(f"No logged model has the id {shown(model_id)}.")


class RegisteredModelNotFound(NotFound):
    """No registered model has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No registered model has the name {shown(name)}.")


class ModelVersionNotFound(NotFound):
    """The registered model has no version of this number.

    Args:
        name: of the model.
        version: what was asked for: a number, ``latest`` or a stage.
    """

    def __init__(self, name: str, version: object) -> None:
        super().__init__(f"The registered model {shown(name)} has no version {shown(version)}.")


class WebhookNotFound(NotFound):
    """No webhook has this id."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"No webhook has the id {shown(webhook_id)}.")


class WebhookDeliveryNotFound(NotFound):
    """The webhook has no such delivery, or it is kept no longer."""

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"The webhook has no delivery {shown(delivery_id)}; only the last ones are kept.")


class ArtifactNotFound(NotFound):
    """Nothing is stored at this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"No artifact is stored at {shown(path)}.")


class UploadNotFound(NotFound):
    """No upload in parts has this id, or it is over."""

    def __init__(self) -> None:
        super().__init__("No upload with this id is on its way to this path.")


class AlreadyExists(GenesisFlowError):
    """The thing that a request would make exists."""

    code = "RESOURCE_ALREADY_EXISTS"
    status = 400


class ExperimentExists(AlreadyExists):
    """An experiment of this name exists, perhaps deleted."""

    def __init__(self, name: str, deleted: bool) -> None:
        state = "exists in the deleted state: restore it or choose another name" if deleted else "exists already"
        super().__init__(f"An experiment named {shown(name)} {state}.")


class RegisteredModelExists(AlreadyExists):
    """A registered model or a prompt of this name exists."""

    def __init__(self, name: str, is_prompt: bool) -> None:
        super().__init__(f"A {'prompt' if is_prompt else 'registered model'} named {shown(name)} exists already.")


class Conflict(GenesisFlowError):
    """The thing is not in the state that the request expects."""

    code = "RESOURCE_CONFLICT"
    status = 409


class AliasMoved(Conflict):
    """An alias is not where a promotion expects it; nothing was changed.

    Args:
        name: of the model.
        alias: the alias.
        expected: the version where it should be; empty if it should not be there.
        aliases: all that the model has, with their versions.
    """

    def __init__(self, name: str, alias: str, expected: str, aliases: Mapping[str, int]) -> None:
        where = f"at version {aliases[alias]}" if alias in aliases else "not set"
        state = ", ".join(f"{one}: {version}" for one, version in sorted(aliases.items())) or "none"
        wanted = f"at version {shown(expected)}" if expected else "not set"
        super().__init__(
            f"The alias {shown(alias)} of {shown(name)} is {where} and not, as expected, {wanted}; "
            f"nothing was changed. Its aliases are now: {state}."
        )


# --- the caller may not ---------------------------------------------------------------------------------------


class Forbidden(GenesisFlowError):
    """The caller is not allowed to do this."""

    code = "PERMISSION_DENIED"
    status = 403


class UnknownHost(Forbidden):
    """The Host header names a host that this server does not answer for."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"This server does not answer for the host {shown(host)}; its operator can allow it with --allowed-hosts."
        )


class CrossSiteRequest(Forbidden):
    """A page of another site asked for a change."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"Requests from the site {shown(origin)} are not allowed; "
            "the operator can allow it with --cors-allowed-origins."
        )


class ArtifactsOutsideRoots(Forbidden):
    """The server was asked for artifacts at a location that its operator did not configure."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            "These artifacts lie outside the locations that this server was given, so only a client with access of "
            "its own can read or write them."
        )
        self.uri = uri


# --- the server cannot -----------------------------------------------------------------------------------------


class Unsupported(GenesisFlowError):
    """Part of MLflow's interface that this server does not implement yet."""

    code = "NOT_IMPLEMENTED"
    status = 501

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is part of MLflow's interface but not of this version of Genesis-Flow.")


class NeedsServer(Unsupported):
    """What a program that logs to a folder cannot be told.

    Args:
        name: the operation.
        folder: where it logs.
    """

    def __init__(self, name: str, folder: str) -> None:
        GenesisFlowError.__init__(
            self,
            f"'{name}' needs a server, and this program logs to a folder. Send it with `genesis-flow push {folder}`, "
            "and ask the server then.",
        )


class NotYet(GenesisFlowError, AttributeError):
    """Part of MLflow's Python interface that this version does not have yet; ``hasattr`` says that it is not there.

    Args:
        name: what was asked for.
        subject: what it belongs to, as the page about compatibility names it.
    """

    code = "NOT_IMPLEMENTED"
    status = 501

    def __init__(self, name: str, subject: str) -> None:
        self.subject = subject
        super().__init__(
            f"{name} belongs to {subject}, which this version of Genesis-Flow's client does not have yet: see "
            "docs/compatibility.md. MLflow's own client works with a Genesis-Flow server."
        )


class NoDirectTransfer(GenesisFlowError):
    """The store of artifacts has no way past this server; clients send their files through it instead.

    Args:
        what: what was asked for, as the beginning of a sentence.
    """

    code = "NOT_IMPLEMENTED"
    status = 501

    def __init__(self, what: str) -> None:
        # COMPAT: mlflow 3.17's client looks for these words, and sends the file through the server if it finds them.
        super().__init__(
            f"{what} is not supported for the current artifact repository: files go through the server instead."
        )


class Unavailable(GenesisFlowError):
    """The server cannot answer now; the same request may succeed later."""

    code = "TEMPORARILY_UNAVAILABLE"
    status = 503


class PushGoesOn(Unavailable):
    """Another push of the same folder to the same server has not ended.

    Args:
        folder: of offline runs.
        tracking_uri: the server, without credentials.
    """

    def __init__(self, folder: str, tracking_uri: str) -> None:
        super().__init__(
            f"Another push of {folder} to {tracking_uri} is going on, or the file system has no locks. Nothing was "
            "sent; try again when it has ended."
        )


class ShuttingDown(Unavailable):
    """The server is stopping and takes no new work."""

    def __init__(self) -> None:
        super().__init__("The server is shutting down; try again on the next one.")


class StorageFull(Unavailable):
    """The disk or the bucket has no room left; nothing was written."""

    def __init__(self) -> None:
        super().__init__("The server's storage is full: nothing was written. Free some space and try again.")


class TooManyOpenFiles(Unavailable):
    """The server has as many files open as its system lets it; nothing was written."""

    def __init__(self) -> None:
        super().__init__("The server has too many files open: nothing was written. Try again.")


class ArtifactsUnreachable(Unavailable):
    """The bucket of artifacts does not answer, or not in time."""

    def __init__(self) -> None:
        super().__init__("The server cannot reach the store of its artifacts at the moment. Try again.")


class StoreBusy(Unavailable):
    """The database did not take the work in time; nothing was written."""

    def __init__(self) -> None:
        super().__init__("The database is busy: nothing was written. Try again.")


class StoreUnreachable(Unavailable):
    """The database cannot be reached at the moment.

    Args:
        reason: what is wrong, as the end of a sentence; never an address with credentials.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The server cannot work with its database: {reason}. Try again.")


class StoreFailed(GenesisFlowError):
    """The database failed in a way that a retry does not mend."""

    def __init__(self) -> None:
        super().__init__("The database failed; the server's log has the cause.")


class ArtifactsRefused(GenesisFlowError):
    """The bucket of artifacts answers, and not as its operator meant: a matter of names and permissions.

    Args:
        reason: what is wrong, as the end of a sentence; never an address or a credential.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The server cannot use the store of its artifacts: {reason}. Its operator can mend that.")


class MalformedFile(GenesisFlowError):
    """A file of a store is not what it should be; what else is stored is not touched by that.

    Args:
        name: of the file, below the folder of the store.
        reason: what is wrong, as the end of a sentence.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The file {shown(name)} of this store cannot be read: {reason}. Mend it or move it away.")


class ForeignDatabase(GenesisFlowError):
    """The database belongs to another program and is left untouched.

    Args:
        owner: whose it looks like.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"This database was made by {owner}; Genesis-Flow leaves it untouched: give it a database of its own."
        )


class NewerDatabase(GenesisFlowError):
    """The database was made by a later version, whose tables this one does not know."""

    def __init__(self) -> None:
        super().__init__(
            "This database was made by a later version of Genesis-Flow: start that version, or a newer one."
        )


class MissingExtra(GenesisFlowError):
    """A command or location needs packages that are not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed: pip install 'genesis-flow[{extra}]'")


class AuthPluginFailed(GenesisFlowError):
    """A plugin could not say who asks, so that nothing was asked.

    Args:
        name: the plugin's.
        reason: what it has against it, as a sentence or the end of one.
    """

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The plugin {shown(name)} of MLFLOW_TRACKING_AUTH cannot authenticate the request: {reason}")


class MissingPackage(GenesisFlowError):
    """Something needs a package of somebody else that is not installed.

    Args:
        what: what needs it, as the beginning of a sentence.
        package: its name, as pip takes it.
        otherwise: what to do without it.
    """

    def __init__(self, what: str, package: str, otherwise: str = "") -> None:
        more = f"; {otherwise}" if otherwise else ""
        super().__init__(f"{what} needs {package}, which is not installed: pip install {package}{more}.")


class ArtifactsNotServed(Unavailable):
    """Artifacts were asked for on a server that serves none."""

    def __init__(self) -> None:
        super().__init__("This server does not serve artifacts; its operator can turn that on with --serve-artifacts.")


class InvalidSetting(GenesisFlowError):
    """What the operator says of a server cannot be understood; the value is not repeated, it may be a secret.

    Args:
        name: the option or variable.
        allowed: what may come, as the end of the sentence "… must be".
    """

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"Invalid value of {name}: it must be {allowed}.")


class UnsatisfiableRange(InvalidRequest):
    """A range of bytes that the file does not have."""

    status = 416

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes:,} bytes; the range that was asked for starts behind them.")


class InternalError(GenesisFlowError):
    """Something failed that nobody foresaw; the log has the cause."""

    def __init__(self) -> None:
        super().__init__("The server failed; its log has the cause.")


# --- what the client says of its own machine, and of what others send to it -----------------------------------


class InvalidImage(InvalidRequest, TypeError, ValueError):
    """Something is no image; a ``TypeError`` and a ``ValueError`` too, which is what MLflow's client raises.

    Args:
        reason: why, as the end of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"This cannot be logged as an image: {reason}.")


class LocalFileMissing(InvalidRequest, FileNotFoundError):
    """A local file that is to be stored is not there; a ``FileNotFoundError`` too, as MLflow's client raises."""

    def __init__(self, path: object) -> None:
        super().__init__(f"There is no file or folder {shown(path)} on this machine.")


class FileChanged(InvalidRequest):
    """A local file became shorter while it was sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The file {shown(name)} became shorter while it was sent: it was not stored. Send it again.")


class LocalDiskFull(GenesisFlowError):
    """A file has no room on the disk of this machine."""

    def __init__(self, name: str, size_bytes: int, free_bytes: int) -> None:
        super().__init__(f"The file {shown(name)} has {size_bytes:,} bytes, and the disk here {free_bytes:,} left.")


class DownloadOnly(InvalidRequest):
    """Something was to be stored where files can only be fetched."""

    def __init__(self) -> None:
        super().__init__("Files can be downloaded from this location, and not stored there.")


class BucketRefused(GenesisFlowError):
    """A bucket does not do what this client asks of it.

    Args:
        reason: why, as the end of a sentence; never an address or a credential.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The bucket of these artifacts cannot be used: {reason}.")


class UnsafeListing(GenesisFlowError):
    """A listing names what cannot be in the folder that was asked for; nothing of it was fetched."""

    def __init__(self, path: str) -> None:
        super().__init__(f"The listing of artifacts names {shown(path)}, which is no file of its folder: not fetched.")


class UnsafeLink(GenesisFlowError):
    """A server gave something else than the links that it was asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The server was asked for links to a bucket and gave {what}.")


class TooManyArtifacts(GenesisFlowError):
    """A folder of artifacts has no end.

    Args:
        path: the folder.
        reason: in what way, as the end of a sentence.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The folder {shown(path)} was not fetched: {reason}.")


class AnswerTooLong(GenesisFlowError):
    """More bytes came than were told, or than anybody needs; they were thrown away.

    Args:
        name: of what.
        most_bytes: how many could have come; None if nobody told.
    """

    def __init__(self, name: str, most_bytes: int | None) -> None:
        what = "nobody told how many there would be" if most_bytes is None else f"{most_bytes:,} were to come"
        super().__init__(f"There are too many bytes of {shown(name)}: {what}.")


class TransferCut(Unavailable):
    """A download ended before all of it was there; what came was thrown away."""

    def __init__(self, name: str, came_bytes: int, size_bytes: int) -> None:
        super().__init__(f"The download of {shown(name)} ended after {came_bytes:,} of {size_bytes:,} bytes.")


class TransferTooSlow(GenesisFlowError):
    """The other side keeps a transfer alive and sends next to nothing."""

    code = "DEADLINE_EXCEEDED"
    status = 504

    def __init__(self, patience_s: float) -> None:
        super().__init__(f"A download was given up: next to nothing of it came in {patience_s:.0f} seconds.")


class CorruptDownload(GenesisFlowError):
    """The bytes of a download are not those that were stored; they were thrown away.

    Args:
        name: of the file.
        sha256: what their digest should be, in hexadecimal.
        found: what it is.
    """

    code = "DATA_LOSS"

    def __init__(self, name: str, sha256: str, found: str) -> None:
        super().__init__(
            f"The download of {shown(name)} is not what was stored: its SHA-256 is {found} and should be {sha256}."
        )
