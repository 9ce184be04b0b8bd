"""Whether the process lives, and whether it can serve."""

from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse

from authz.reloading import Reloader
from tenants.connection import DatabaseUnavailableError
from tenants.database import Database

log = structlog.get_logger(__name__)


async def alive(_request: Request) -> JSONResponse:
    """Answer that the process lives; asks nobody."""
    return JSONResponse({"alive": True})


@dataclass(frozen=True, slots=True)
class Readiness:
    """Tells whether requests can be served."""

    database: Database
    revision: str
    policy: Reloader

    async def serve(self, _request: Request) -> JSONResponse:
        """Answer 200 when the database answers with the schema of this program, else 503 with what is wrong.

        A policy whose files do not load is told of and changes nothing: requests are decided by the version before.
        """
        found = await self._schema()
        ready = found == "ok"
        policy = {"policy": self._policy(), "policyVersion": self.policy.version}
        return JSONResponse({"ready": ready, "database": found, **policy}, 200 if ready else 503)

    def _policy(self) -> str:
        count = len(self.policy.problems)
        if not count:
            return "ok"
        return f"version {self.policy.version} kept: {count} problem{'' if count == 1 else 's'}, the log lists them"

    async def _schema(self) -> str:
        try:
            revision = await self.database.revision()
        except DatabaseUnavailableError:
            return "does not answer"
        except Exception:  # whatever keeps it from being asked (a role, a right, a name) keeps requests from it too
            log.exception("the database cannot be asked")
            return "cannot be asked: the log says why"
        if revision is None:
            return "has no tables: run 'sextrontgen migrate'"
        return "ok" if revision == self.revision else f"is at revision {revision}, this program needs {self.revision}"
