"""The web's API types are those of the OpenAPI document: generate them again and compare."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMITTED = Path("web/src/shared/api/schema.d.ts")


def main() -> None:
    """Fail if `make api` would change the committed types."""
    virage, npx = shutil.which("virage"), shutil.which("npx")
    if virage is None or npx is None:
        sys.exit("virage and npx are not on PATH: call this through make")
    with tempfile.TemporaryDirectory() as folder:
        document, fresh = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        document.write_bytes(subprocess.run([virage, "openapi"], capture_output=True, check=True).stdout)
        command = [npx, "--prefix", "web", "openapi-typescript", str(document), "-o", str(fresh)]
        subprocess.run(command, check=True, capture_output=True)
        if fresh.read_text(encoding="utf-8") != COMMITTED.read_text(encoding="utf-8"):
            sys.exit(f"{COMMITTED} is not what the routes say: run `make api`")
    print("contract")


if __name__ == "__main__":
    main()
