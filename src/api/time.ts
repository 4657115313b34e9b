/** µs since the Unix epoch as ISO 8601 UTC, with only the fraction it needs: `2025-01-18T14:30:05Z`, `…05.250Z`, `…05.250001Z`. */
export function isoFromUs(us: number): string {
  const micros = ((us % 1_000) + 1_000) % 1_000;
  const iso = new Date((us - micros) / 1_000).toISOString();
  if (micros !== 0) return `${iso.slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
  return iso.endsWith('.000Z') ? `${iso.slice(0, -5)}Z` : iso;
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Reads an ISO 8601 date or date-time; without a zone it is UTC. Exact to the µs.
 * @returns µs since the Unix epoch, or null when it is none or names a day or hour that does not exist.
 */
export function usFromIso(text: string): number | null {
  const match = DATE_TIME.exec(text.trim());
  if (!match) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // Date.UTC rolls 31 February over into March: only a date-time that reads the same back exists.
  const exists = new Date(local).toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  const offsetMinutes = zoneMinutes(zone);
  if (!exists || offsetMinutes === null) return null;
  return (local - offsetMinutes * 60_000) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

function zoneMinutes(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
