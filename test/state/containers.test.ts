import { expect, test } from 'vitest';
import { temporaryState } from './temporary.ts';

const AT = '2026-01-05T10:00:00Z';
const LATER = '2026-01-06T10:00:00Z';
const WEB = {
  ...{ runtime_id: 'ab', name: 'web', image: 'nginx', state: 'running', runtime: 'docker' },
  ...{ pod: null, namespace: null, created_at: AT },
};

function tableWithCollectors() {
  const state = temporaryState();
  const organisation = state.organisations.add('one', AT);
  const add = (name: string) => state.collectors.add({ organisation, name, hostname: name, createdAt: AT });
  return { containers: state.containers, here: add('here'), there: add('there') };
}

test('a container keeps its number, whatever changes, and is told apart by collector', () => {
  const { containers, here, there } = tableWithCollectors();
  const [first] = containers.save(here, [WEB], AT);
  const [other] = containers.save(there, [WEB], AT);
  const [again] = containers.save(here, [{ ...WEB, name: 'shop', state: 'exited' }], LATER);
  expect(first).toEqual({ ...WEB, id: expect.any(Number), updated_at: AT });
  expect(again).toEqual({ ...first, name: 'shop', state: 'exited', updated_at: LATER });
  expect(other?.id).not.toBe(first?.id);
  expect(containers.list(here)).toEqual([again]);
  expect(containers.find(there, 'ab')).toEqual(other);
  expect(containers.find(here, 'cd')).toBeNull();
});

test('all are kept or none', () => {
  const { containers, here } = tableWithCollectors();
  const broken = { ...WEB, runtime_id: 'cd', name: null as unknown as string };
  expect(() => containers.save(here, [WEB, broken], AT)).toThrow();
  expect(containers.list(here)).toEqual([]);
});

test('those that have exited long ago are forgotten', () => {
  const { containers, here, there } = tableWithCollectors();
  const exited = { ...WEB, state: 'exited' };
  containers.save(here, [exited, { ...WEB, runtime_id: 'runs' }], AT);
  containers.save(here, [{ ...exited, runtime_id: 'lately' }], LATER);
  containers.save(there, [exited], AT);
  containers.forget(here, LATER);
  expect(containers.list(here).map(({ runtime_id }) => runtime_id)).toEqual(['runs', 'lately']);
  expect(containers.list(there)).toHaveLength(1);
});
