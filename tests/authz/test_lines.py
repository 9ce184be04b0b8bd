"""Lines of a policy file, and the bytes that they are read from."""

from authz.lines import MAX_BYTES, Line, decode, lines


def test_a_file_may_be_as_large_as_the_bound_and_no_larger() -> None:
    problems: list[str] = []
    assert decode("a.csv", b"#" * MAX_BYTES, problems) == "#" * MAX_BYTES
    assert problems == []
    assert decode("a.csv", b"#" * (MAX_BYTES + 1), problems) == ""
    assert problems == [f"a.csv: larger than {MAX_BYTES} bytes"]


def test_of_what_is_no_text_nothing_is_read_and_the_line_is_named() -> None:
    problems: list[str] = []
    assert decode("a.csv", b"p, a\n\np, \xff\np, b\n", problems) == ""
    assert decode("b.csv", b"\n\xff", problems) == ""
    assert problems == ["a.csv:3: not UTF-8", "b.csv:2: not UTF-8"]


def test_a_line_has_its_place_its_kind_and_its_values() -> None:
    said = lines("a.csv", "# p, no\n\n  p ,  a,b ,, \n \t# q\nq\n")
    assert list(said) == [Line("a.csv:3", "p", ("a", "b", "", "")), Line("a.csv:5", "q", ())]
