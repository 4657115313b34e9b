import type { ComponentType } from 'preact';
import { COMPARE_PATH } from './compare/query.ts';
import { CompareView } from './compare/view.tsx';
import { HISTORY_PATH } from './history/query.ts';
import { HistoryView } from './history/view.tsx';
import { LiveView } from './live/view.tsx';
import { messages } from './messages.ts';
import { settingsMessages } from './settings/messages.ts';
import { SettingsView } from './settings/view.tsx';
import type { IconName } from './ui/icon.tsx';

export interface View {
  path: string;
  title: string;
  icon: IconName;
  component: ComponentType;
}

/** Every view of a logged-in person, in the order of the navigation. */
export const VIEWS: readonly View[] = [
  { path: '/', title: messages.live.title, icon: 'pulse', component: LiveView },
  { path: HISTORY_PATH, title: messages.history.title, icon: 'clock', component: HistoryView },
  { path: COMPARE_PATH, title: messages.compare.title, icon: 'compare', component: CompareView },
  { path: '/app/settings', title: settingsMessages.title, icon: 'settings', component: SettingsView },
];
