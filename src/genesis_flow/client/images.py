"""Images: arrays of NumPy, images of Pillow, and what holds one of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from genesis_flow.errors import InvalidImage, MissingPackage

if TYPE_CHECKING:
    import numpy
    import PIL.Image

SMALL_PIXELS = 256
"""The longer side of the small copy that a page shows first."""


class Image:
    """An image that can stand in a table.

    Args:
        image: an array (height × width, with 1, 3 or 4 channels; bool, integers of 0 to 255, or floats), the same as
            lists, an image of Pillow, or the path of a file.

    Attributes:
        size: width and height in pixels.

    Raises:
        InvalidImage: it is none of these.
    """

    def __init__(self, image: numpy.ndarray[Any, Any] | PIL.Image.Image | list[Any] | str | os.PathLike[str]) -> None:
        pillow = _pillow()
        if isinstance(image, (str, os.PathLike)):
            self.image: PIL.Image.Image = pillow.open(image)
        elif isinstance(image, list):
            import numpy

            self.image = pil_of(numpy.array(image))
        elif isinstance(image, Image):
            raise InvalidImage("it is an Image already")
        else:
            self.image = pil_of(image)
        self.size: tuple[int, int] = self.image.size

    def to_list(self) -> list[Any]:
        """Its pixels, row by row."""
        flattened = getattr(self.image, "get_flattened_data", self.image.getdata)  # the second is deprecated since 13
        return list(flattened())

    def to_array(self) -> numpy.ndarray[Any, Any]:
        """Its pixels as an array of bytes."""
        import numpy

        return numpy.array(self.image)

    def to_pil(self) -> PIL.Image.Image:
        """The image of Pillow."""
        return self.image

    def resize(self, size: tuple[int, int]) -> Image:
        """A copy of this width and height."""
        return Image(self.image.resize(size))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file, in the format that its name says."""
        self.image.save(path)


def pil_of(image: Any) -> PIL.Image.Image:
    """An image of Pillow from what a program has.

    Raises:
        InvalidImage: it is neither an image nor an array of pixels.
        MissingPackage: Pillow is not installed.
    """
    if isinstance(image, Image):
        return image.to_pil()
    pillow = _pillow()
    if isinstance(image, pillow.Image):
        return cast("PIL.Image.Image", image)
    if not (hasattr(image, "dtype") and hasattr(image, "shape")):
        raise InvalidImage(f"it must be an array, an image of Pillow or an Image, and is of {type(image)}")
    return cast("PIL.Image.Image", pillow.fromarray(_pixels(image)))


def small_copy(image: PIL.Image.Image) -> PIL.Image.Image:
    """A copy whose longer side has ``SMALL_PIXELS``."""
    width, height = image.size
    longer = max(width, height, 1)
    return image.resize((max(1, width * SMALL_PIXELS // longer), max(1, height * SMALL_PIXELS // longer)))


def _pillow() -> Any:
    try:
        import PIL.Image
    except ImportError:
        raise MissingPackage("An image", "Pillow") from None
    return PIL.Image


def _pixels(array: Any) -> Any:
    """An array as one of bytes that Pillow takes.

    COMPAT: mlflow 3.17 takes floats between 0 and 1 for brightness, stretches others from their least to their
    greatest, and takes what is no number for black.
    """
    import numpy

    array = numpy.asarray(array)
    if array.ndim not in (2, 3):
        raise InvalidImage(f"it must have 2 or 3 dimensions, and has the shape {array.shape}")
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4):
        raise InvalidImage(f"it must have 1, 3 or 4 channels, and has {array.shape[2]}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0:
        raise InvalidImage("it has no pixels")
    match array.dtype.kind:
        case "b":
            return array.astype(numpy.uint8) * 255
        case "i" | "u":
            if array.min() < 0 or array.max() > 255:
                raise InvalidImage(f"integers must be of 0 to 255, and are of {array.min()} to {array.max()}")
            return array.astype(numpy.uint8)
        case "f":
            return _from_floats(array, numpy)
        case _:
            raise InvalidImage(f"it must hold bool, integers or floats, and holds {array.dtype}")


def _from_floats(array: Any, numpy: Any) -> Any:
    known = array[numpy.isfinite(array)]
    least, most = (known.min(), known.max()) if known.size else (0.0, 0.0)
    if least < 0 or most > 1:
        array = (array - least) / (most - least) if most > least else numpy.zeros_like(array)
    return (numpy.clip(numpy.nan_to_num(array, nan=0.0, posinf=1.0, neginf=0.0), 0, 1) * 255).astype(numpy.uint8)
