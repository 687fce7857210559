"""What the tests of the bindings share."""
import pathlib

import pytest

import sekisho

PACKAGE = pathlib.Path(sekisho.__file__).parent


@pytest.fixture
def package():
    """The folder of the package under test."""
    return PACKAGE
