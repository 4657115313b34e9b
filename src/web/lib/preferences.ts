import { Cell } from './cell.ts';

/** A cell whose value outlives the page in `storage`; anything stored that isn't one of `choices` counts as the first. */
export class Preference<T extends string> extends Cell<T> {
  readonly choices: readonly T[];

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, key: string, choices: readonly [T, ...T[]]) {
    const stored = storage.getItem(key);
    super(choices.find((choice) => choice === stored) ?? choices[0]);
    this.choices = choices;
    this.subscribe((value) => storage.setItem(key, value));
  }

  /** Moves on to the next choice, and from the last to the first. */
  next(): void {
    const index = this.choices.indexOf(this.value) + 1;
    this.set(this.choices[index % this.choices.length] ?? this.value);
  }
}
