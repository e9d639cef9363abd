// Before the first paint: the theme that somebody chose here. A classic script, because a module runs after it.
try {
  const theme = localStorage.getItem("genesis.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme stays.
}
