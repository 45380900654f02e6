"""The JSON schema of the config, for editors and for the page of the site."""

from typing import Any

from tgnas.registry import PREDICTORS, SEARCHERS, STUDIES, SUPERNETS
from tgnas.workflow.config.models import Round
from tgnas.workflow.config.reading import Config


def json_schema() -> dict[str, Any]:
    """Return the schema of the files: predictors with a base and their methods' own keys."""
    schema = Config.model_json_schema()
    schema["$defs"] |= {"Round": Round.model_json_schema()}
    predictor = schema["$defs"]["Predictor"]
    base = {"type": "string", "description": "The entry that gives what is not said here."}
    keys = {"base": base} | predictor["properties"]
    del keys["settings"], predictor["required"]  # a base may give any of them
    for method in PREDICTORS.names():
        keys |= PREDICTORS.settings(method).model_json_schema()["properties"]
    predictor["properties"] = keys
    search = schema["$defs"]["Search"]["properties"]["settings"]
    search["properties"] = {}
    for searcher in SEARCHERS.names():
        search["properties"] |= SEARCHERS.settings(searcher).model_json_schema()["properties"]
    del search["properties"]["budget"]  # it depends on what is queried
    shared = schema["$defs"]["Supernets"]["properties"]
    settings: dict[str, Any] = {}
    for supernet in SUPERNETS.names():
        settings |= SUPERNETS.settings(supernet).model_json_schema()["properties"]
    shared["settings"]["properties"] = settings
    file = {"type": "string", "description": "The file, where it is not the entry's name."}
    own = {"type": "object", "properties": {"method": file} | settings}
    shared["own"]["patternProperties"] = {"": own}
    studies = {}
    for study in STUDIES.names():
        of_study = STUDIES.settings(study).model_json_schema()
        schema["$defs"] |= of_study.pop("$defs", {})
        studies[study] = of_study
    schema["properties"]["studies"] |= {"properties": studies}
    return schema
