import type { ComponentType } from 'preact';
import { LiveView } from './live/view.tsx';
import { messages } from './messages.ts';
import type { IconName } from './ui/icon.tsx';

export interface View {
  path: string;
  title: string;
  icon: IconName;
  component: ComponentType;
}

/** Every view of a logged-in person, in the order of the navigation. */
export const VIEWS: readonly View[] = [{ path: '/', title: messages.live.title, icon: 'pulse', component: LiveView }];
