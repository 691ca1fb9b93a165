// theme.js -- sets the chosen theme before anything is painted; without a choice the system's counts.
document.documentElement.dataset.theme = localStorage.getItem("parley.theme") || "auto";
