/** Changes a text only when it differs, which spares the page a layout. */
export function setText(node: Element | null, text: string): void {
  if (node && node.textContent !== text) node.textContent = text;
}
