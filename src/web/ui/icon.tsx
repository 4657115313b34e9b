const PATHS = {
  pulse: 'M2 8.5h2.6L6.4 3.5l3 9 1.9-5.2.7 1.2H14',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  settings:
    'M2 4.5h5.2M10.8 4.5H14M2 11.5h3.2M8.8 11.5H14M9 2.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6M7 9.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6',
  logout: 'M6.5 2.5h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10 11l3-3-3-3M13 8H6.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  up: 'M8 13V3.5M4 7l4-4 4 4',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.8V8l2.3 1.6',
  compare: 'M2 11.5l3.2-5 3 3 2.8-5.5 3 3M2 14h1.5M6 14h1.5M10 14h1.5',
  calendar: 'M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.2V4M10.5 2.2V4',
  earlier: 'M10 3.5L5.5 8l4.5 4.5',
  later: 'M6 3.5L10.5 8 6 12.5',
  'zoom-out': 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.4 3.4M5 7h4',
  undo: 'M5.5 3L2.5 6l3 3M2.5 6h6.8a3.7 3.7 0 0 1 0 7.4H6',
  refresh: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 2.2v2.6h-2.6',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside a text or an aria-label; never the only carrier of a meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
