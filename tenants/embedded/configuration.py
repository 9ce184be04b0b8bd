"""PostgreSQL's settings, written whole at each start, so that a server started by hand on the folder has them too."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tenants.embedded.addresses import PORT

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

# Only the Unix socket, only with a password. The initial map of users is left out: nobody is trusted by name.
ACCESS = "local all all scram-sha-256\n"

_TUNABLE = {"max_connections": "60", "shared_buffers": "128MB"}

# A row's value can stand in an error's text ("invalid input syntax for type integer: ..."), in its detail (the key that
# collided), in the statement and in its parameters. None of these reaches the log: errors go to their client alone,
# the log keeps what the server says about itself (levels LOG, FATAL and PANIC) without detail.
_FIXED = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_PLACES = frozenset({"unix_socket_directories", "data_directory", "config_file", "hba_file", "ident_file"})


def configuration(socket: Path, settings: Mapping[str, str]) -> str:
    """Return the text of postgresql.conf for a server whose socket lies in the folder `socket`.

    `settings` change or add to what may be tuned. Raises ValueError for a name that is none, for a line break in a
    value, and for the settings that keep the server closed and its log free of personal values.
    """
    for name, value in settings.items():
        if not re.fullmatch(r"[a-z][a-z0-9_.]*", name) or re.search(r"[\0\r\n]", value):
            raise ValueError(f"not a PostgreSQL setting: {name!r}")
        if name in _FIXED or name in _PLACES or name.startswith(("include", "log_", "debug_")):
            raise ValueError(f"{name} is not for the caller to choose")
    chosen = _TUNABLE | dict(settings) | _FIXED | {"unix_socket_directories": str(socket)}
    return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in chosen.items())


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
