// Shows a chosen theme before the first paint; src/ui/theme.ts keeps it under the same name. A file of its own, because
// the content security policy allows no script inside the page.
try {
  const kept = localStorage.getItem("convene.theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // Storage may be forbidden; the system's theme is fine then.
}
