"""The engine opened as a role: `python -m tests.as_role CONFIG DATA`, statements as a JSON list on stdin, answers on stdout.

Each answer is a list of rows, or the code of ClickHouse's refusal. A process of its own: an engine is opened once in one.
"""

import json
import re
import sys
from typing import Any

import chdb


def main(config: str, data: str) -> None:
    connection = chdb.connect(f"{data}?config-file={config}")
    answers: list[Any] = []
    for sql in json.load(sys.stdin):
        try:
            told = str(connection.query(sql, "JSONCompactEachRow"))
            answers.append([json.loads(line) for line in told.splitlines()])
        except RuntimeError as error:
            found = re.search(r"Code: (\d+)", str(error))
            answers.append(int(found[1]) if found else -1)
    connection.close()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
