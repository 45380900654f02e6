"""Print the JSON schema of the config: ``python -m tgnas.workflow.config``."""

import json
import sys

from tgnas.workflow.config.document import json_schema

json.dump(json_schema(), sys.stdout, indent=1)
