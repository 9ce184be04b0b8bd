"""The commands of keys and backups, beside a demo that is serving, and what each says when it cannot go on."""

from pathlib import Path

from tests.api.commands.programs import Demo, run

OWN = "{ viewer { learner { email } } }"


def data_of(demo: Demo) -> str:
    return str(demo.output.with_suffix(""))


def email(demo: Demo) -> object:
    return demo.ask(demo.token("northwind", "learner"), OWN).json()["data"]["viewer"]["learner"]["email"]


def test_keys_are_replaced_beside_a_server_that_goes_on_reading(served: Demo) -> None:
    before, data = email(served), data_of(served)
    assert before
    for choice in (["--master"], ["--tenant", "northwind"]):
        done = run("keys", "rotate", *choice, "--data", data)
        assert done.returncode == 0, done.stderr
        assert email(served) == before
    shown = run("keys", "status", "--data", data)
    assert shown.returncode == 0, shown.stderr
    assert "northwind" in shown.stdout
    assert "at hand, wraps" in shown.stderr


def test_a_backup_of_a_serving_demo_is_put_back_elsewhere(served: Demo, folder: Path) -> None:
    data, keys = folder.with_name("backup-data"), folder.with_name("backup-keys")
    written = run("backup", str(data), str(keys), "--data", data_of(served))
    assert written.returncode == 0, written.stderr
    put_back = run("restore", str(data), str(keys), "--data", str(folder))
    assert put_back.returncode == 0, put_back.stderr
    again = run("restore", str(data), str(keys), "--data", str(folder))
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_what_cannot_be_done_is_said_in_a_line(served: Demo) -> None:
    data = data_of(served)
    for arguments, said in [
        (["rotate"], "Choose one"),
        (["rotate", "--tenant", "nowhere"], "There is no tenant 'nowhere'"),
        (["shred", "--tenant", "northwind", "--person", "x", "--reason", "r", "--yes"], "UUID or global id"),
        (["shred", "--tenant", "northwind", "--person", "0" * 32, "--reason", "r", "--yes"], "no key of such a person"),
    ]:
        done = run("keys", *arguments, "--data", data)
        assert done.returncode == 1, arguments
        assert said in done.stderr
        assert "Traceback" not in done.stderr
