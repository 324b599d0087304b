"""Programs reach other processes as ordinary, writable arrays."""

import cloudpickle
import numpy as np

from spikemesh.runtime.packing import object_store_bytes, pack


def test_arrays_come_out_equal_writable_and_apart_from_the_original():
    original = {
        "weights": np.arange(1000.0),
        "table": np.asfortranarray(np.arange(12, dtype=np.uint16).reshape(3, 4)),
        "empty": np.zeros((0, 2), dtype=np.uint32),
        "name": "exc",
    }
    packed = pack(original)
    assert packed.nbytes > 8000
    first, second = packed.unpack(), packed.unpack()
    assert first["name"] == "exc"
    for key in ("weights", "table", "empty"):
        np.testing.assert_array_equal(first[key], original[key])
        assert first[key].dtype == original[key].dtype
        assert first[key].flags.writeable
    first["weights"][:] = -1
    assert original["weights"][5] == second["weights"][5] == 5


def test_read_only_arrays_come_out_read_only_but_equal():
    original = np.arange(10)
    original.flags.writeable = False
    np.testing.assert_array_equal(pack(original).unpack(), original)


def test_classes_defined_on_the_way_travel_with_the_right_pickler():
    class Model:
        threshold = 15.0

    assert pack({"model": Model}, cloudpickle.dumps).unpack()["model"].threshold == 15.0


def test_object_store_holds_all_programs():
    packed = [pack(np.zeros(1 << 20)) for _ in range(3)]
    assert object_store_bytes(packed) > 3 * (8 << 20)
