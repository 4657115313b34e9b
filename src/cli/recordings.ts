import { SettingsError } from '../config/errors.ts';
import { type Recording, recordingOf } from '../config/kinds.ts';
import type { Catalogue } from '../metrics/catalogue.ts';

/**
 * The opt-in families that `record_also` asks for.
 * @throws SettingsError when this build has no such family, or records it anyway
 */
export function recordingsOf(catalogue: Catalogue, asked: readonly string[]): Recording[] {
  const choices = catalogue.families.filter(({ optIn }) => optIn).map(({ name }) => name);
  return asked.map((text) => {
    const recording = recordingOf(text);
    if (recording !== null && choices.includes(recording.family)) return recording;
    const known = catalogue.families.some(({ name }) => name === recording?.family);
    const why = known ? 'which is always recorded' : 'which there is not';
    throw new SettingsError('record_also', `record_also names ${text}, ${why}; it may name ${choices.join(', ')}`);
  });
}
