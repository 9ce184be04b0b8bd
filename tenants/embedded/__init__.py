"""The program's own PostgreSQL: started with it, ended with it, kept in one folder, nothing to install."""

from tenants.embedded.addresses import Addresses
from tenants.embedded.errors import EmbeddedServerError
from tenants.embedded.server import EmbeddedServer

__all__ = ["Addresses", "EmbeddedServer", "EmbeddedServerError"]
