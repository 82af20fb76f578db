import pytest
from practice_finger import Finger

from eyehand.envs.practice.apps.files_data import inside, path_of, shown_size


def _notes(finger: Finger) -> dict[int, dict[str, object]]:
    return {note["id"]: note for note in finger.data["notes"]}


def test_note_is_saved_as_it_was_written_when_one_goes_back() -> None:
    finger = Finger("notes")
    next_id = finger.data["next"]
    finger.tap("New note")
    finger.write("title", 'Λίστα "α" & 買い物')
    finger.write("text", "one 🎂\n\nthree")
    finger.back()
    note = _notes(finger)[next_id]
    assert (note["title"], note["text"]) == ('Λίστα "α" & 買い物', "one 🎂\n\nthree")
    assert 'Λίστα "α" & 買い物' in finger.texts()


def test_empty_note_leaves_nothing_behind() -> None:
    finger = Finger("notes")
    before = [dict(note) for note in finger.data["notes"]]
    finger.tap("New note")
    finger.write("text", "  \n ")
    finger.back()
    assert finger.data["notes"] == before


def test_looking_at_a_note_does_not_change_it() -> None:
    finger = Finger("notes")
    before = [dict(note) for note in finger.data["notes"]]
    finger.tap("note_3")
    finger.back()
    assert finger.data["notes"] == before


def test_discarded_changes_are_not_saved() -> None:
    finger = Finger("notes")
    before = dict(_notes(finger)[2])
    finger.tap("note_2")
    finger.write("text", "nonsense")
    finger.tap("More options", "Discard changes")
    assert _notes(finger)[2] == before


def test_deleted_note_can_be_restored_and_cancelling_keeps_it() -> None:
    finger = Finger("notes")
    before = dict(_notes(finger)[4])
    finger.hold("note_4")
    finger.tap("Delete", "Cancel")
    assert _notes(finger)[4] == before
    finger.hold("note_4")
    finger.tap("Delete", "Delete")
    assert 4 not in _notes(finger)
    assert "note_4" not in {view.id for view, _ in finger._views()}
    finger.tap("More options", "Deleted notes", "note_4", "Restore")
    assert _notes(finger)[4] == before


def test_new_note_keeps_pin_and_colour_that_were_chosen_before_it_was_saved() -> None:
    finger = Finger("notes")
    next_id = finger.data["next"]
    finger.tap("New note")
    finger.write("title", "Marked")
    finger.tap("Pin", "More options", "Colour", "Green", "Save")
    note = _notes(finger)[next_id]
    assert (note["pinned"], note["colour"]) == (True, "Green")


def test_search_looks_into_titles_and_texts_and_says_when_there_is_nothing() -> None:
    finger = Finger("notes")
    note = finger.data["notes"][0]
    finger.write("query", note["text"].split("\n")[0].upper())
    assert note["title"] in finger.texts()
    finger.write("query", "no note says this")
    assert "No notes found" in finger.texts()
    finger.tap("Clear search")
    assert "No notes found" not in finger.texts()


def _download(finger: Finger) -> int:
    return next(int(e["id"]) for e in finger.data["entries"] if e["name"] == "Download")


def test_folder_is_made_where_one_is_and_its_name_must_be_free() -> None:
    finger = Finger("files")
    folder = _download(finger)
    finger.tap(f"entry_{folder}", "New folder")
    finger.write("text", "Πρόχειρα 2026")
    finger.tap("OK")
    made = [e for e in inside(finger.data, folder) if e["name"] == "Πρόχειρα 2026"]
    assert [entry["kind"] for entry in made] == ["folder"]
    before = len(finger.data["entries"])
    for wrong in ("πρόχειρα 2026", "a/b", "  "):
        finger.tap("New folder")
        finger.write("text", wrong)
        finger.tap("OK")
    assert len(finger.data["entries"]) == before


def test_file_is_moved_to_the_folder_that_was_gone_into() -> None:
    finger = Finger("files")
    folder = _download(finger)
    file = next(e for e in inside(finger.data, folder) if e["kind"] == "file")
    pictures = next(e["id"] for e in inside(finger.data, 0) if e["name"] == "Pictures")
    finger.tap(f"entry_{folder}", f"actions_{file['id']}", "Move")
    finger.tap(f"entry_{pictures}", "Move here")
    assert path_of(finger.data, file["folder"]) == "Files › Pictures"


def test_folder_cannot_be_moved_into_itself() -> None:
    finger = Finger("files")
    folder = _download(finger)
    finger.tap(f"actions_{folder}", "Move")
    with pytest.raises(LookupError):
        finger.tap(f"entry_{folder}")


def test_copy_beside_the_original_gets_a_name_of_its_own() -> None:
    finger = Finger("files")
    folder = _download(finger)
    file = next(e for e in inside(finger.data, folder) if e["kind"] == "file")
    finger.tap(f"entry_{folder}", f"entry_{file['id']}", "More options", "Copy")
    finger.tap(f"entry_{folder}", "Copy here")
    stem, _, end = file["name"].rpartition(".")
    assert f"{stem} (1).{end}" in {entry["name"] for entry in inside(finger.data, folder)}


def test_deleted_folder_takes_all_in_it_along_and_cancelling_nothing() -> None:
    finger = Finger("files")
    folder = _download(finger)
    before = len(finger.data["entries"])
    count = len(inside(finger.data, folder))
    finger.tap(f"actions_{folder}", "Delete", "Cancel")
    assert len(finger.data["entries"]) == before
    finger.tap(f"actions_{folder}", "Delete", "Delete")
    assert len(finger.data["entries"]) == before - count - 1


def test_open_file_that_is_deleted_closes() -> None:
    finger = Finger("files")
    folder = _download(finger)
    file = next(e for e in inside(finger.data, folder) if e["kind"] == "file")
    finger.tap(f"entry_{folder}", f"entry_{file['id']}", "Delete", "Delete")
    assert finger.phone.current[1] == ".FolderActivity"


def test_sorted_by_size_the_largest_file_stands_first() -> None:
    finger = Finger("files")
    folder = _download(finger)
    finger.tap(f"entry_{folder}", "Sort", "Size")
    largest = max(inside(finger.data, folder), key=lambda entry: int(entry["size"]))
    files = [view.id for view, _ in finger._views() if view.id.startswith("entry_")]
    assert files[0] == f"entry_{largest['id']}"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_600, "1.0 MB"),
        (812_000_000, "812 MB"),
        (1_540_000_000, "1.5 GB"),
    ],
)
def test_size_never_has_four_digits_before_its_unit(size: int, shown: str) -> None:
    assert shown_size(size) == shown
