# tools/ -- the tools of chat and MCP, and those that query data: importing the package registers all of them.
import tools.data
import tools.tasks
import tools.undo  # noqa: F401 -- each of their functions registers itself
