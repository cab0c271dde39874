import pytest

from seamline.rig.world.flash import DONE, HALF, UNDONE, Flash, PowerCut

OLD, NEW = bytes(range(200)), b"n" * 600


def a_flash():
    """Small sectors and pages: an entry of 600 bytes takes 3 erases and 5 programs."""
    flash = Flash(sector_bytes=256, page_bytes=128)
    flash.write("a", OLD)
    flash.write("b", b"beside")
    return flash


def cut_at(operations, how):
    flash = a_flash()
    flash.cut_after(operations, how)
    with pytest.raises(PowerCut):
        flash.write("a", NEW)
    return flash


def test_without_a_cut_an_entry_is_the_last_that_was_written():
    flash = a_flash()
    flash.write("a", NEW)
    flash.forget("b")
    assert flash.load() == {"a": NEW}
    assert flash.operations == (1 + 2) + (1 + 1) + (3 + 5) + 1


def test_a_cut_before_the_first_operation_leaves_the_old_entry():
    assert cut_at(0, UNDONE).load()["a"] == OLD


def test_a_half_erased_sector_is_half_blank_and_half_old():
    assert cut_at(0, HALF).load()["a"] == b"\xff" * 100 + OLD[100:]


def test_an_erased_sector_reads_as_ones():
    assert cut_at(0, DONE).load()["a"] == b"\xff" * 200


def test_a_torn_page_is_half_new_and_the_rest_erased():
    assert cut_at(3, HALF).load()["a"] == NEW[:64] + b"\xff" * 536
    assert cut_at(4, DONE).load()["a"] == NEW[:256] + b"\xff" * 344


def test_after_the_last_operation_the_entry_is_whole():
    assert cut_at(7, DONE).load()["a"] == NEW


@pytest.mark.parametrize("how", [UNDONE, HALF, DONE])
def test_every_operation_can_be_cut_and_nothing_beside_it_suffers(how):
    for operations in range(8):
        flash = cut_at(operations, how)
        assert flash.load()["b"] == b"beside"
        assert not flash.armed


def test_a_cut_while_forgetting_leaves_what_was_erased_so_far():
    flash = a_flash()
    flash.cut_after(0, HALF)
    with pytest.raises(PowerCut):
        flash.forget("a")
    assert flash.load()["a"] == b"\xff" * 100 + OLD[100:]


def test_a_cut_that_is_disarmed_does_not_happen():
    flash = a_flash()
    flash.cut_after(0, DONE)
    flash.disarm()
    flash.write("a", NEW)
    assert flash.load()["a"] == NEW


def test_rot_turns_exactly_one_bit():
    flash = a_flash()
    flash.rot(0, 9)
    assert flash.load()["a"] == bytes([OLD[0], OLD[1] ^ 2]) + OLD[2:]
    Flash().rot(3, 3)  # an empty flash has nothing that could


@pytest.mark.parametrize(("old", "new", "sectors", "pages"), [(600, 100, 3, 1), (100, 600, 3, 5), (0, 0, 0, 0), (600, 0, 3, 0)])
def test_a_write_erases_what_the_old_entry_took_too(old, new, sectors, pages):
    flash = Flash(sector_bytes=256, page_bytes=128)
    flash.write("a", b"o" * old)
    before = flash.operations
    flash.cut_after(10_000, UNDONE)
    flash.write("a", b"n" * new)
    assert flash.operations - before == max(1, sectors) + pages
    assert flash.load() == {"a": b"n" * new}
