const PATHS = {
  pulse: 'M2 8.5h2.6L6.4 3.5l3 9 1.9-5.2.7 1.2H14',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  logout: 'M6.5 2.5h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10 11l3-3-3-3M13 8H6.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  up: 'M8 13V3.5M4 7l4-4 4 4',
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
