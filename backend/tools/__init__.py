# tools/ -- the tools that chat and MCP share: importing the package registers all of them.
import tools.tasks
import tools.undo  # noqa: F401 -- each of their functions registers itself
