/** Light and dark: as the system has it, or as somebody chose here. */

export const THEMES = ["auto", "light", "dark"] as const;
/** See the top of this file. */
export type Theme = typeof THEMES[number];

const KEY = "beam-theme";

/** What was chosen; `auto` where nothing was, or nothing can be kept. */
export function chosenTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? "auto";
  } catch {
    return "auto";
  }
}

/** Shows it, and keeps it where the browser does. */
export function useTheme(theme: Theme): void {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch { /* it is shown all the same */ }
}
