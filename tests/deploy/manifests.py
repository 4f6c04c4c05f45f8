"""Checks manifests against schemas, a line for each fault.

manifests.py kubernetes SCHEMAS FILE…    SCHEMAS: a folder of custom resources, or - for none
manifests.py compose SCHEMA FILE…        later files are laid over the first, as Compose does
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

VERSION = "1.33"
#: Groups whose schemas Kubernetes does not bring.
CUSTOM = ("leaderworkerset.x-k8s.io", "ray.io")


class _Reset:
    """Compose's ``!reset``: what the file before says is void."""


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!reset", lambda _loader, _node: _Reset)


def kubernetes(schemas: str, files: list[str]) -> list[str]:
    """Faults of manifests."""
    custom = {} if schemas == "-" else _custom(pathlib.Path(schemas))
    faults = []
    for file in files:
        for document in yaml.safe_load_all(pathlib.Path(file).read_text()):
            if document is None:
                continue
            name = f"{file}: {document.get('kind')} {document.get('metadata', {}).get('name')}"
            kind = (document.get("apiVersion"), document.get("kind"))
            try:
                if kind in custom:
                    jsonschema.validate(document, custom[kind])
                elif kind[0].split("/")[0] in CUSTOM:
                    print(f"not checked: {name}")
                else:
                    kubernetes_validate.validate(document, VERSION, strict=True)
            except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
                faults.append(f"{name}: {getattr(error, 'message', error)}")
    return faults


def _custom(folder: pathlib.Path) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for file in folder.glob("*.yaml"):
        spec = yaml.safe_load(file.read_text())["spec"]
        for version in spec["versions"]:
            schema = _strict(version["schema"]["openAPIV3Schema"])
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def _strict(schema: Any) -> Any:
    """What the server drops without a word is a fault; its own marks are no JSON schema."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    if made.pop("x-kubernetes-int-or-string", False):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    closed = isinstance(made.get("properties"), dict) and made["properties"]
    keeps = made.pop("x-kubernetes-preserve-unknown-fields", False)
    if closed and not keeps and "additionalProperties" not in made:
        made["additionalProperties"] = False
        if {"apiVersion", "kind", "metadata"} <= made["properties"].keys():
            made["properties"]["metadata"] = {"type": "object"}
    return made


def compose(schema: str, files: list[str]) -> list[str]:
    """Faults of a Compose file with the files laid over it."""
    merged: Any = {}
    for file in files:
        merged = _over(merged, yaml.load(_filled(pathlib.Path(file).read_text()), _Loader))
    checker = jsonschema.Draft7Validator(json.loads(pathlib.Path(schema).read_text()))
    return [
        f"{files[-1]}: {error.json_path}: {error.message}" for error in checker.iter_errors(merged)
    ]


def _filled(text: str) -> str:
    """With the default of each variable."""
    return re.sub(r"\$\{\w+(?::-([^}]*))?\}", lambda match: match[1] or "", text)


def _over(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return below + above if isinstance(below, list) and isinstance(above, list) else above
    made = dict(below)
    for key, value in above.items():
        if value is _Reset:
            made.pop(key, None)
        else:
            made[key] = _over(made[key], value) if key in made else value
    return made


if __name__ == "__main__":
    found = {"kubernetes": kubernetes, "compose": compose}[sys.argv[1]](sys.argv[2], sys.argv[3:])
    print("\n".join(found))
    sys.exit(bool(found))
