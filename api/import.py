#!/usr/bin/env python3
"""Writes endpoints.def from Discord's OpenAPI file.

  api/import.py openapi.json REVISION > api/endpoints.def    a new table, made on purpose
  api/import.py openapi.json --check api/endpoints.def       1 and a diff where the two differ

The OpenAPI file itself (https://github.com/discord/discord-api-spec, specs/openapi.json) is not
part of the project: the table is what it says about the shape of a request."""
import difflib
import json
import re
import sys

METHODS = ("get", "put", "post", "patch", "delete")
HEADER = """\
/* Every endpoint of Discord's REST API v10, one row each. Made by api/import.py, not by hand, from
 * discord/discord-api-spec (MIT License) at {revision}; {count} operations.
 *
 * ENDPOINT(METHOD, "template", operation_id, auth, "file", major, lane)
 *   auth    BOT: the bot's token; ANY: the path's own token suffices; OAUTH: a user's token only
 *   file    "": takes no files; "files[n]": payload_json and files[0..9]; else the form's file field
 *   major   NONE, CHANNEL, GUILD, WEBHOOK: what a rate limit bucket is keyed with besides its hash
 *   lane    GLOBAL: counts to the global limit; INTERACTION: does not; WEBHOOK: does not where the
 *           token is an interaction's
 */
"""


def auth(operation):
    kinds = [set(k) for k in operation.get("security", [{}])]
    if set() in kinds:
        return "ANY"
    return "BOT" if {"BotToken"} in kinds else "OAUTH"


def resolved(spec, schema):
    while "$ref" in schema:
        part = spec
        for key in schema["$ref"].removeprefix("#/").split("/"):
            part = part[key]
        schema = part
    return schema


def properties(spec, schema):
    schema = resolved(spec, schema)
    found = dict(schema.get("properties", {}))
    for key in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(key, []):
            found.update(properties(spec, part))
    return found


def names_attachments(spec, found, depth=2):
    """The file leaves files[n] out of bodies that are unions; what lists attachments takes files."""
    return "attachments" in found or (depth > 0 and any(
        names_attachments(spec, properties(spec, s), depth - 1) for s in found.values()))


def file_field(spec, operation):
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    if not form:
        return ""
    found = properties(spec, form["schema"])
    files = [name for name, s in found.items() if resolved(spec, s).get("contentEncoding") == "binary"]
    if "files[0]" in files or (not files and names_attachments(spec, found)):
        return "files[n]"
    if len(files) > 1:
        sys.exit(f"{operation['operationId']}: which of its fields is the file? {files}")
    return files[0] if files else ""


def major(path):
    at = re.match(r"/(channels|guilds|webhooks)/\{", path)
    return at[1][:-1].upper() if at else "NONE"


def lane(path):
    if path.startswith("/interactions/"):
        return "INTERACTION"
    return "WEBHOOK" if path.startswith("/webhooks/{webhook_id}/{webhook_token}") else "GLOBAL"


def rows(spec):
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                op = item[method]
                yield (f'ENDPOINT({method.upper()}, "{path}", {op["operationId"]}, {auth(op)}, '
                       f'"{file_field(spec, op)}", {major(path)}, {lane(path)})')


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        made = list(rows(json.load(f)))
    if sys.argv[2] != "--check":
        sys.stdout.write(HEADER.format(revision=sys.argv[2], count=len(made)) + "\n".join(made) + "\n")
        return
    with open(sys.argv[3], encoding="utf-8") as f:
        had = [line for line in f.read().splitlines() if line.startswith("ENDPOINT(")]
    diff = list(difflib.unified_diff(had, made, sys.argv[3], sys.argv[1], lineterm="", n=0))
    print("\n".join(diff) if diff else f"{len(made)} rows, no drift")
    sys.exit(bool(diff))


if __name__ == "__main__":
    main()
