// theme.js -- sets the theme before the first paint: the user's choice, or else the system's.
try {
  document.documentElement.dataset.theme = localStorage.getItem("parley.theme") || "auto";
} catch {
  document.documentElement.dataset.theme = "auto"; // this browser keeps nothing for the page
}
