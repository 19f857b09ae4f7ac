/** Permissions in words. */

/** "media.share_screen" → "Media: share screen". */
export function permissionWords(permission: string): string {
  const [area = "", action = ""] = permission.split(".");
  const words = (text: string) => text.replaceAll("_", " ");
  return `${words(area).charAt(0).toUpperCase()}${words(area).slice(1)}: ${words(action)}`;
}
