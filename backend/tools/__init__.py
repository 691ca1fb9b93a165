# tools/ -- the tools that chat and MCP share: importing the package registers all of them.
from tools import tasks

__all__ = ["tasks"]
