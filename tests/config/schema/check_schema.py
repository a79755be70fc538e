#!/usr/bin/env python3
"""Holds the JSON Schema of the documents to what parse_strategy says.

    check_schema.py SCHEMA PROGRAM [DOCUMENT...]

PROGRAM is schema_documents, which prints documents with parse_strategy's answer; python3-jsonschema
gives the schema's. Every difference is a failure, but for the rules below, which a schema cannot
state; and each of these must have been the only reason at least once.
"""

import collections
import json
import re
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(f"{sys.executable} must have jsonschema 4 or later; Debian's is python3-jsonschema")

# What parse_strategy may refuse although the schema accepts it: by name, with its message.
BEYOND_A_SCHEMA = {
    "steps rise": r"must be above the step before it",
    "a ramp ends below splitRatio": r"must be below splitRatio",
    "a holdback leaves the last step above the others": r"/holdback: must leave",
    "a share is a multiple of a basis point": r"must be a multiple of",
    "a text is measured in bytes": r"must be at most \d+ bytes",
    "a duration is at most a year": r'must be (a (positive )?duration of )?at most P\d+D.*, got "P.*[1-9].*',
    "backoffMax is at least backoffMin": r"/backoffMax: must be at least backoffMin",
    "a deadline exceeds its waits": r"/deadline: must exceed the waits it covers",
    "looks are within the shortest bake": r"/analysisInterval: must not exceed the shortest bake",
    "healthTimeout exceeds healthCheckInterval": r"/healthTimeout: must exceed healthCheckInterval",
    "healthTimeout exceeds minReady": r"/healthTimeout: must exceed minReady",
}


def excuse(message):
    for name, pattern in BEYOND_A_SCHEMA.items():
        if re.search(pattern, message, re.DOTALL):
            return name
    return None


def main():
    schema_path, *command = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode("utf-8")
    seen = set()
    counts = collections.Counter()
    excused = collections.Counter()
    wrong = 0
    for text in output.splitlines():
        if text in seen:
            continue
        seen.add(text)
        line = json.loads(text)
        refused = line["refused"]
        valid = validator.is_valid(line["document"])
        counts["accepted" if refused is None else "refused"] += 1
        if valid == (refused is None):
            counts["agreed"] += 1
            continue
        name = excuse(refused) if valid else None
        if name:
            excused[name] += 1
            continue
        wrong += 1
        if wrong <= 20:
            print("the schema", "accepts" if valid else "refuses", json.dumps(line["document"]))
            if valid:
                print("  parse_strategy:", refused)
            else:
                for error in validator.iter_errors(line["document"]):
                    print("  schema:", error.json_path, error.message[:200])

    for name in BEYOND_A_SCHEMA:
        print(f"{excused[name]:6} refused by parse_strategy alone: {name}")
        if excused[name] == 0:
            print(f"the rule \"{name}\" must have been needed, and never was")
            wrong += 1
    print(f"{len(seen)} documents, {counts['accepted']} accepted and {counts['refused']} refused by "
          f"parse_strategy; the schema agrees on {counts['agreed']}, {wrong} differences")
    if counts["accepted"] < 1000 or counts["refused"] < 5000:
        print("there must be at least 1000 accepted and 5000 refused documents")
        wrong += 1
    return 1 if wrong else 0


sys.exit(main())
