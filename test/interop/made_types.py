"""Reads messages by models that were made of schemas, and writes them again.

Usage: made_types.py < lines.json, beside a module types_made; each line is the name of a model and a message. Prints for
each what the model makes of it, or the error.
"""

import json
import sys

import types_made

for line in sys.stdin:
    given = json.loads(line)
    try:
        model = getattr(types_made, given["name"])(**given["message"])
        # Pydantic 2, or 1.
        write = model.model_dump_json if hasattr(model, "model_dump_json") else model.json
        told = {"made": json.loads(write(exclude_unset=True, by_alias=True))}
    except Exception as error:
        told = {"error": repr(error)}
    print(json.dumps(told))
