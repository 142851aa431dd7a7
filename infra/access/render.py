"""Roles as text: a users file that a server takes as it is, and SQL for a server that keeps access entities itself."""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from infra.access.roles import Role, roles
from schemas.clickhouse.table import text

READER: Final = {
    # 2: a reader may set log_comment (the purpose), and can change nothing.
    "readonly": "2",
    "max_execution_time": "120",
    "max_memory_usage": "4000000000",
    "max_result_rows": "1000000",
    "result_overflow_mode": "throw",
    "log_queries": "1",
}
SERVICE: Final = {"log_queries": "1", "max_partitions_per_insert_block": "0"}
QUOTA: Final = {"queries": "2000", "read_rows": "200000000000", "execution_time": "3600"}
"""Of a reader, an hour."""
CLUSTER: Final = "distributed_product_mode"

_FACILITY_PREFIX: Final = "facility_"


def grants(role: Role, database: str) -> Iterator[str]:
    """`GRANT …` without its TO."""
    for relation, shown in role.reads.items():
        listed = f"({', '.join(shown)})" if shown is not None else ""
        yield f"GRANT SELECT{listed} ON {database}.{relation}"
    for relation in role.writes:
        yield f"GRANT INSERT ON {database}.{relation}"
    for grant in role.grants:
        yield "GRANT " + grant.replace("{database}", database)


def conditions(role: Role, facility: str) -> dict[str, str]:
    """Relation -> condition, with the facility put in (an SQL expression)."""
    return {name: condition.replace("{facility}", facility) for name, condition in role.rows.items()}


def user(name: str, role: Role, database: str, facility: str = "", password: str = "") -> str:
    """A `<users>` element. `password` is an element's text; empty takes it from the environment."""
    variable = f"LIVINGDATA_{name.upper()}_PASSWORD_SHA256"
    secret = password or f'<password_sha256_hex from_env="{variable}"/>'
    given = "\n".join(f"        <query>{escape(grant)}</query>" for grant in grants(role, database))
    rows = "\n".join(
        f"          <{relation}><filter>{escape(condition)}</filter></{relation}>"
        for relation, condition in conditions(role, text(facility)).items()
    )
    filters = (
        f"\n      <databases>\n        <{database}>\n{rows}\n        </{database}>\n      </databases>" if rows else ""
    )
    kind = "livingdata_reader" if role.reader else "livingdata_service"
    return f"""    <!-- {escape(role.vi)} / {escape(role.en)} -->
    <{name}>
      {secret}
      <networks><ip>::/0</ip></networks>
      <profile>{kind}</profile>
      <quota>{kind}</quota>
      <grants>
{given}
      </grants>{filters}
    </{name}>"""


def profiles() -> str:
    """Profiles and quotas."""

    def settings(values: dict[str, str]) -> str:
        return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())

    return f"""  <profiles>
    <livingdata_reader>{settings(READER)}</livingdata_reader>
    <livingdata_service>{settings(SERVICE)}</livingdata_service>
  </profiles>
  <quotas>
    <livingdata_reader><interval><duration>3600</duration>{settings(QUOTA)}</interval></livingdata_reader>
    <livingdata_service><interval><duration>3600</duration></interval></livingdata_service>
  </quotas>"""


def users_file(database: str = "default") -> str:
    """`infra/clickhouse/users.d/livingdata.xml`: a user per role, passwords (SHA-256, hex) from the environment."""
    made = "\n".join(user(role.name, role, database) for role in roles().values() if not role.own_facility)
    return f"""<?xml version="1.0"?>
<!-- Generated from infra/access/roles.py by `livingdata access users`; do not edit. The same command makes the file of a
     facility's own reader. -->
<clickhouse>
{profiles()}
  <users>
{made}
  </users>
</clickhouse>
"""


def facility_file(facility: str, database: str = "default") -> str:
    """The users file of one facility's reader."""
    made = user(f"{_FACILITY_PREFIX}{facility}", roles()["facility_reader"], database, facility)
    return f'<?xml version="1.0"?>\n<clickhouse>\n  <users>\n{made}\n  </users>\n</clickhouse>\n'


def access_sql(database: str = "default") -> str:
    """`infra/clickhouse/access.sql`: profiles, quotas, roles, grants, row policies. Running it again changes nothing.

    A facility's reader is a user called `facility_<code>` with the role `facility_reader`: the policy reads the code from
    the user's name.
    """
    statements = [
        f"CREATE SETTINGS PROFILE IF NOT EXISTS livingdata_reader SETTINGS {_settings(READER)}",
        f"CREATE SETTINGS PROFILE IF NOT EXISTS livingdata_service SETTINGS {_settings(SERVICE)}",
        f"CREATE ROLE IF NOT EXISTS {', '.join(roles())}",
        f"CREATE QUOTA IF NOT EXISTS livingdata_reader KEYED BY user_name FOR INTERVAL 1 hour MAX {_limits()} TO "
        + ", ".join(role.name for role in roles().values() if role.reader),
    ]
    for role in roles().values():
        statements.append(f"-- {role.vi} / {role.en}")
        statements.extend(f"{_to(grant, role.name)}" for grant in grants(role, database))
    statements.extend(_policies(database))
    return "".join(f"{line}\n" if line.startswith("--") else f"{line};\n" for line in statements)


def _to(grant: str, role: str) -> str:
    right, option, _ = grant.partition(" WITH GRANT OPTION")
    return f"{right} TO {role}{option}"


def _policies(database: str) -> Iterator[str]:
    """Permissive policies are joined by OR, so who has none on a table that has any would see nothing: the writers and
    the administrator get one that lets all through."""
    code = f"substring(currentUser(), {len(_FACILITY_PREFIX) + 1})"
    guarded: dict[str, None] = {}
    for role in roles().values():
        for relation, condition in conditions(role, code).items():
            guarded[relation] = None
            yield (
                f"CREATE ROW POLICY IF NOT EXISTS {role.name} ON {database}.{relation} FOR SELECT USING {condition} "
                f"TO {role.name}"
            )
    for relation in guarded:
        free = [role.name for role in roles().values() if relation not in role.rows]
        yield f"CREATE ROW POLICY IF NOT EXISTS everything ON {database}.{relation} FOR SELECT USING 1 TO {', '.join(free)}"


def _settings(values: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value if value.isdigit() else text(value)}" for name, value in values.items())


def _limits() -> str:
    return ", ".join(f"{name} = {value}" for name, value in QUOTA.items())
