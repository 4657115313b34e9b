import { afterEach, beforeEach, describe } from 'vitest';
import type { SeriesStore } from '../../src/store/contract.ts';
import { appending } from './contract/appending.ts';
import { archiving } from './contract/archiving.ts';
import { events } from './contract/events.ts';
import { names } from './contract/names.ts';
import { paging } from './contract/paging.ts';
import { againstTheModel } from './contract/property.ts';
import { quantilesAndLatest } from './contract/quantiles.ts';
import { ranges } from './contract/ranges.ts';
import { replays } from './contract/replays.ts';
import { rollups } from './contract/rollups.ts';
import { upkeep } from './contract/upkeep.ts';
import { Feeder } from './fixtures.ts';

/** A new, empty store for one test. */
export interface OpenedStore {
  store: SeriesStore;
  /** Closes it and opens what it has kept. */
  reopen(): Promise<SeriesStore>;
  cleanup(): Promise<void>;
}

/** The store of the test that runs. */
export interface Subject {
  readonly store: SeriesStore;
  readonly feeder: Feeder;
  reopen(): Promise<SeriesStore>;
}

/** What every SeriesStore does. A back end is one when it passes this. */
export function seriesStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} is a SeriesStore`, () => {
    let opened: OpenedStore;
    let feeder: Feeder;
    beforeEach(async () => {
      opened = await open();
      feeder = new Feeder(opened.store);
    });
    afterEach(() => opened.cleanup());
    const subject: Subject = {
      get store() {
        return opened.store;
      },
      get feeder() {
        return feeder;
      },
      reopen: () => opened.reopen(),
    };
    const data = [appending, replays, names, ranges, paging, quantilesAndLatest, events];
    for (const section of [...data, rollups, archiving, upkeep]) section(subject);
    againstTheModel(subject);
  });
}
