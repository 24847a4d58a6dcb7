"""Files that cannot be used say why, where and what to do, in one line."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.model.errors import UsageError
from trader.settings.files import EnvLine, read_env_file, read_tree


def write(path: Path, content: str | bytes) -> Path:
    """Write a file that its owner alone may read."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return path


def refusal(path: Path) -> str:
    """Return the one line a config file is refused with, its directory left out."""
    with pytest.raises(UsageError) as raised:
        read_tree(path)
    assert "\n" not in str(raised.value)
    return str(raised.value).replace(f"{path.parent}/", "")


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write to it."""
    os.mkfifo(tmp_path / "a.toml")

    assert "a.toml: is a pipe" in refusal(tmp_path / "a.toml")


def test_a_path_that_cannot_even_be_looked_at_is_no_readable_file(tmp_path: Path) -> None:
    """The system says why: here the name is too long."""
    assert "cannot be read (File name too long)" in refusal(tmp_path / f"{'a' * 300}.toml")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"risk": {"max_daily_loss_pct": 3}}'),
        ("a.JSON", '\ufeff{"risk": {"max_daily_loss_pct": 3}}'),
        ("a.toml", "[risk]\nmax_daily_loss_pct = 3"),
        ("a.toml", "risk.max_daily_loss_pct = 3\r\n"),
    ],
)
def test_a_file_is_read_by_the_end_of_its_name(tmp_path: Path, name: str, content: str) -> None:
    """As JSON or as TOML, whatever the case of the letters."""
    assert read_tree(write(tmp_path / name, content)) == {"risk": {"max_daily_loss_pct": 3}}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yaml", "risk:", "a.yaml: a settings file is named .json or .toml"),
        ("a.json", " \n", "a.json: the file is empty"),
        ("a.toml", "", "a.toml: the file is empty"),
        ("a.json", "[1]", "a.json: holds no tables"),
        ("a.json", "null", "a.json: holds no tables"),
        ("a.json", '{"risk": {\n"a": 1 1}}', "a.json line 2 column 8: not valid JSON"),
        pytest.param(
            "a.json", '{"a": ' + "1" * 5000 + "}", "a.json: not valid JSON (Exceeds", id="digits"
        ),
        ("a.json", '{"a": {"b": 1, "b": 2}}', "a.json: b given twice in one table"),
        pytest.param("a.json", '{"a":' * 100_000, "a.json: nested too deeply", id="deep json"),
        ("a.toml", "[risk]\na = x\n", "a.toml: not valid TOML (Invalid value (at line 2"),
        ("a.toml", "a = 1\na = 2", "a.toml: not valid TOML (Cannot overwrite"),
        pytest.param("a.toml", "a = " + "[" * 5000, "a.toml: nested too deeply", id="deep toml"),
        ("a.toml", b"a = 1\nb = '\xff'", "a.toml line 2: not UTF-8"),
        pytest.param("a.toml", "#" * 1_000_001, "a.toml: larger than 1 MB", id="large"),
    ],
)
def test_unusable_content_is_named_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    """As near as the format lets us tell it."""
    assert refusal(write(tmp_path / name, content)).startswith(said)


def test_a_path_that_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    """A directory, a missing file and an impossible name are told apart."""
    (tmp_path / "d.json").mkdir()
    assert refusal(tmp_path / "d.json").startswith("d.json: cannot be read (Is a directory)")
    assert refusal(tmp_path / "no.json").startswith("no.json: no such file")
    assert "null byte" in refusal(tmp_path / "a\0.json")


@given(st.binary(max_size=40), st.sampled_from(["a.json", "a.toml"]))
def test_junk_is_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    """No content of a file raises anything but UsageError."""
    path = write(tmp_path_factory.getbasetemp() / name, content)
    try:
        assert isinstance(read_tree(path), dict)
    except UsageError as error:
        said = str(error)
    else:
        said = str(path)
    assert said.startswith(str(path))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("  export A = 1 ", "1"),
        ("A=1 # one", "1"),
        ("A=a#b", "a#b"),
        ("A=", ""),
        ("A=# nothing", ""),
        ("A='a # b' # c", "a # b"),
        ('A="a=b"', "a=b"),
        ("A=it's", "it's"),
        ('A=["x", "y"]', '["x", "y"]'),
        ("A=1\r", "1"),
        ("A='1", None),
        ("A='1' 2", None),
        ("A 1", None),
        ("A: 1", None),
    ],
)
def test_a_line_of_a_dot_env_is_read_as_a_shell_does(
    tmp_path: Path, line: str, value: str | None
) -> None:
    """Quotes, comments and `export` are understood; a line that assigns nothing is told apart."""
    assert read_env_file(write(tmp_path / ".env", f"\n{line}")) == (EnvLine(2, "A", value),)


@pytest.mark.parametrize("line", ["", "# A=1", "   ", "=1", "-----END KEY-----", "1A=2"])
def test_a_line_of_a_dot_env_that_names_nothing_is_passed_over(tmp_path: Path, line: str) -> None:
    """Comments, and the inner lines of foreign values."""
    assert not read_env_file(write(tmp_path / ".env", line))


def test_a_missing_env_file_is_empty(tmp_path: Path) -> None:
    """A `.env` is optional."""
    assert not read_env_file(tmp_path / ".env")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_an_env_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The cure is one command; the content is not quoted."""
    path = write(tmp_path / ".env", "API_KEY=hunter2")
    path.chmod(mode)
    with pytest.raises(UsageError) as raised:
        read_env_file(path)
    assert str(raised.value).endswith(f"chmod 600 {path}")
    assert "hunter2" not in str(raised.value)
