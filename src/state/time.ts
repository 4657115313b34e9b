/** `2025-01-18T10:00:00Z`: UTC with whole seconds, the form of every time in the state file. It sorts like the time itself. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
