# support/console_files.py -- which files of the console are fetched later than the first visit, and when.

from console.files import VERSION

# Where the page has its parts from.
WEB = f"/web/{VERSION}"
# What a browser asks for by itself, or does not, and the page once it is there.
SHELL = {
    "icon.svg",
    *(f"icons/{name}" for name in ("favicon.ico", "apple.png", "192.png", "512.png", "maskable.png")),
    "manifest.webmanifest",
    "service_worker.js",
    "scripts/frame/installing.js",
}
# By what somebody opens; what any sheet needs is fetched with the first one.
ANY_SHEET = "any sheet"
PEOPLE = "a conversation of people"
SEARCH = "a search"
THERE = "a list with tasks"
TASK = "a task"
TOOLS = "a call of a tool"
DATA = "a query of data"
AGENT = "a conversation with an agent"
RUNS = "a message to an agent"
CHANGES = "a change of a task"
WRITTEN = "a message that is sent"
WHOLE = "a conversation to take along"
DROPPED = "a file that is dropped"
READING = "a text with Markdown"
APPS = "a question of a program"
HIDDEN = "an answer while the page is hidden"
UNSEEN = "an answer that was not seen"
RENAMED = "a change of a conversation"
LATER = {
    "styles/sheets.css": ANY_SHEET,
    "scripts/sheet.js": ANY_SHEET,
    "styles/tools.css": TOOLS,
    "scripts/calls/tools.js": TOOLS,
    "scripts/calls/approval_fields.js": TOOLS,
    "scripts/calls/consent.js": TOOLS,
    "styles/data.css": DATA,
    "scripts/reading/data_card.js": DATA,
    "scripts/unsent/delivery.js": WRITTEN,
    "scripts/unsent/dropped_files.js": DROPPED,
    "scripts/news/notices.js": HIDDEN,
    "icon-news.svg": UNSEEN,
    "scripts/chat/runs.js": RUNS,
    "scripts/chat/run_follower.js": RUNS,
    "scripts/chat/branches.js": AGENT,
    "scripts/chat/queue.js": AGENT,
    "scripts/calls/agent_item.js": AGENT,
    "scripts/calls/call_box.js": AGENT,
    "styles/branches.css": AGENT,
    "styles/reading.css": READING,
    "scripts/reading/text.js": READING,
    "scripts/reading/blocks.js": READING,
    "scripts/reading/drawing.js": READING,
    "scripts/reading/inline.js": READING,
    "scripts/reading/frames.js": READING,
    "scripts/reading/notes.js": READING,
    "scripts/reading/rendering.js": READING,
    "scripts/reading/whole_conversation.js": WHOLE,
    "scripts/reading/folding.js": "a long message",
    "scripts/undo/card_undo.js": TOOLS,
    "scripts/undo/changes.js": CHANGES,
    "scripts/tasks/chart.js": "a task that is done",
    "scripts/undo/conversation_changes.js": RENAMED,
    "scripts/undo/deleted.js": "what was deleted",
    "styles/search.css": SEARCH,
    "scripts/finding/search.js": SEARCH,
    "scripts/finding/shortcuts.js": "a shortcut",
    "scripts/finding/palette.js": "the box that finds anything",
    "styles/people.css": PEOPLE,
    "scripts/people/room.js": PEOPLE,
    "scripts/people/items.js": PEOPLE,
    "scripts/people/mentions.js": PEOPLE,
    "scripts/people/receipts.js": PEOPLE,
    "scripts/people/roster.js": PEOPLE,
    "scripts/people/writing.js": PEOPLE,
    "scripts/people/menu.js": PEOPLE,
    "scripts/people/message_menu.js": PEOPLE,
    "scripts/people/typing.js": PEOPLE,
    "scripts/people/choosing.js": "a new conversation with people",
    "scripts/people/begin.js": "a new conversation with people",
    "scripts/people/participants.js": "those who take part",
    "scripts/people/deliveries.js": "the receipts of a message",
    "scripts/tasks/list.js": THERE,
    "scripts/tasks/item.js": THERE,
    "scripts/tasks/sections.js": THERE,
    "scripts/tasks/store.js": THERE,
    "scripts/tasks/presses.js": TASK,
    "scripts/tasks/doing.js": TASK,
    "scripts/tasks/moving.js": TASK,
    "scripts/tasks/picking.js": "a task that is picked",
    "scripts/tasks/editor.js": TASK,
    "scripts/tasks/due.js": TASK,
    "scripts/tasks/entry.js": "a new task",
    "scripts/chat/audit.js": "the audit",
    "scripts/account/settings.js": "the settings",
    "scripts/account/leaving.js": "a sign-out while something is not sent",
    "scripts/account/devices.js": "the settings",
    "scripts/account/transfers.js": "the settings",
    "scripts/account/tokens.js": "the settings",
    "scripts/apps/linked.js": APPS,
    "scripts/apps/consent.js": APPS,
    "scripts/apps/approval.js": APPS,
    "scripts/account/confirm.js": "the settings",
    "scripts/team/event_list.js": "the inbox",
    "scripts/team/account_list.js": "the accounts",
    "scripts/team/team.js": "an account",
    "scripts/team/agents.js": "an agent",
}
