/**
 * Lets a finger do what the mouse does on a chart: uPlot listens to the mouse alone. Vertical movements go on scrolling the page,
 * by `touch-action: pan-y`.
 */
export function bindTouch(over: HTMLElement): void {
  let startX: number | null = null;
  const mouse = (type: string, event: PointerEvent) => {
    // uPlot ignores movements of no length while it drags.
    const { clientX, clientY } = event;
    over.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX, clientY, movementX: 1 }));
  };
  const leave = (event: PointerEvent) => over.dispatchEvent(new MouseEvent('mouseleave', event));
  over.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'mouse') return;
    startX = event.clientX;
    mouse('mousemove', event);
    mouse('mousedown', event);
  });
  over.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'mouse' && startX !== null) mouse('mousemove', event);
  });
  over.addEventListener('pointerup', (event) => {
    if (event.pointerType === 'mouse' || startX === null) return;
    startX = null;
    mouse('mouseup', event);
  });
  // The page scrolls instead: no selection, and no crosshair that stays behind.
  over.addEventListener('pointercancel', (event) => {
    if (event.pointerType === 'mouse' || startX === null) return;
    const back = new PointerEvent('pointerup', { clientX: startX, clientY: event.clientY });
    startX = null;
    mouse('mousemove', back);
    mouse('mouseup', back);
    leave(event);
  });
}
