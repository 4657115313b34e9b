import { text } from 'node:stream/consumers';

/** The password of `--password`: as given, from the first line of standard input for `-`, or null when the option is absent. */
export async function chosenPassword(option: string | undefined): Promise<string | null> {
  if (option === undefined) return null;
  if (option !== '-') return option;
  const [line = ''] = (await text(process.stdin)).split('\n', 1);
  return line.replace(/\r$/, '');
}
