"""validate.py SCHEMA < [instance, ...]: prints [true, false, ...], whether each fits the schema."""
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
json.dump([validator.is_valid(instance) for instance in json.load(sys.stdin)], sys.stdout)
