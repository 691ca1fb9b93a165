# tools/ -- the tools that chat and MCP share: importing the package registers all of them.
import tools.tasks  # noqa: F401 -- each of its functions registers itself
