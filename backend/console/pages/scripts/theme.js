// theme.js -- sets the theme before the first paint: the user's choice, or else the system's.
document.documentElement.dataset.theme = localStorage.getItem("parley.theme") || "auto";
