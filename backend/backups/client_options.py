# backups/client_options.py -- how the database's own programs reach the database that a URL of ours names.
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import make_url

from storage.engines import parse_database_url
from storage.mariadb import read_tls_files, read_words

Options = dict[str, str]
# SQLAlchemy's names for the driver, and libpq's.
LIBPQ_NAMES = {"host": "host", "port": "port", "user": "user", "password": "password", "database": "dbname"}


def make_libpq_words(url: str) -> Options:
    """The words of libpq's connection string."""
    parsed, arguments = parse_database_url(url)
    _, account = parsed.get_dialect()().create_connect_args(parsed)
    words = {libpq: join_values(account.get(ours)) for ours, libpq in LIBPQ_NAMES.items()}
    if "ssl" in arguments:
        words["sslmode"] = arguments["ssl"]
    if "dsn" in arguments:
        words |= dict(parse_qsl(urlsplit(arguments["dsn"]).query))
    given = arguments.get("server_settings", {})
    options = [given["options"]] if "options" in given else []
    if "schema" in arguments:
        options.append(f"-csearch_path={arguments['schema']}")
    if options:
        words["options"] = " ".join(options)
    return {name: word for name, word in words.items() if word}


def join_values(value: object) -> str:
    """One host and port, or several, as a URL may have them."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def make_mariadb_options(url: str) -> dict[str, str | None]:
    """The options of the client; one without a value is a switch."""
    parsed = parse_database_url(url)[0]
    words = read_words(make_url(url))
    socket = words.get("unix-socket") or words.get("socket")
    options: dict[str, str | None] = {"user": parsed.username or "", "password": str(parsed.password or "")}
    if socket:
        options |= {"socket": socket, "protocol": "socket"}
    else:
        options |= {"host": parsed.host or "localhost", "port": str(parsed.port or 3306), "protocol": "tcp"}
    tls = read_tls_files(words)
    if tls is None:
        return {**options, "skip-ssl": None}
    files = {"ssl-ca": tls.ca, "ssl-cert": tls.certificate, "ssl-key": tls.key}
    verified = "ssl-verify-server-cert" if tls.verify else "skip-ssl-verify-server-cert"
    return {**options, "ssl": None, verified: None, **{name: path for name, path in files.items() if path}}
