import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../../src/web/styles/tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/(--[\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name,
    { light: light as string, dark: dark as string },
  ]),
);

/** WCAG 2.2, "relative luminance" and "contrast ratio". */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = 4.5;
const GRAPHICS = 3;
const PAIRS: [foreground: string, background: string, atLeast: number][] = [
  ...['--canvas', '--surface', '--surface-raised', '--surface-hover', '--core-idle', '--core-level'].map(
    (background): [string, string, number] => ['--text', background, TEXT],
  ),
  ...['--canvas', '--surface', '--surface-raised'].map((background): [string, string, number] => [
    '--text-muted',
    background,
    TEXT,
  ]),
  ['--accent', '--surface', TEXT],
  ['--accent', '--canvas', TEXT],
  ['--on-accent', '--accent', TEXT],
  ['--on-accent', '--accent-hover', TEXT],
  ['--on-critical', '--critical', TEXT],
  ...['--good', '--warning', '--critical', '--series-1'].map((colour): [string, string, number] => [
    colour,
    '--surface',
    TEXT,
  ]),
  ['--border-strong', '--surface', GRAPHICS],
  ['--focus', '--surface', GRAPHICS],
  ['--focus', '--canvas', GRAPHICS],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 'muted'].map((series): [string, string, number] => [
    `--series-${series}`,
    '--surface',
    GRAPHICS,
  ]),
  ...['--good', '--warning', '--critical'].map((colour): [string, string, number] => [colour, '--surface', GRAPHICS]),
];

describe.each(['light', 'dark'] as const)('contrast in the %s theme (WCAG AA)', (theme) => {
  test.each(PAIRS)('%s on %s is at least %d:1', (foreground, background, atLeast) => {
    const front = tokens.get(foreground)?.[theme];
    const back = tokens.get(background)?.[theme];
    if (!front || !back) throw new Error(`no token ${front ? background : foreground}`);
    expect(contrast(front, back)).toBeGreaterThanOrEqual(atLeast);
  });
});
