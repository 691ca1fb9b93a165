# cli.py -- parley: the operator's commands, gathered from commands/.
# Whoever can read the settings of the database may run all of them.
import typer

from commands import database, tokens, users
from commands.audit import audit
from commands.backups import backup, restore
from commands.doctor import doctor
from commands.replay import replay
from commands.seed import seed
from commands.transfers import export, import_file

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate Parley.")
app.add_typer(users.commands, name="user")
app.add_typer(tokens.commands, name="token")
app.add_typer(database.commands, name="db")
app.command()(audit)
app.command()(export)
app.command("import")(import_file)
app.command()(backup)
app.command()(restore)
app.command()(doctor)
app.command()(replay)
app.command()(seed)


@app.callback()
def describe_parley() -> None:
    """Operate Parley. Settings come from the environment and from .env, as for the server."""


if __name__ == "__main__":
    app(prog_name="parley")
