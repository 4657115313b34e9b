import { describe, expect, test } from 'vitest';
import { changedBy, inspected, listed } from '../../../src/collect/containers/engine-answers.ts';

const NOTHING = { name: null, image: null, state: null, pod: null, namespace: null, createdAt: null };

describe('the list of containers', () => {
  test('gives names without the slash, and not those of links', () => {
    const entry = { Id: 'a', Names: ['/web/database', '/database'], Image: 'postgres:17', State: 'paused', Created: 0 };
    expect(listed([entry])?.get('a')).toEqual({
      ...NOTHING,
      name: 'database',
      image: 'postgres:17',
      state: 'paused',
      createdAt: '1970-01-01T00:00:00Z',
    });
  });

  test('gives the pod of containers of Kubernetes, and the name that they have in it', () => {
    const pod = { 'io.kubernetes.pod.name': 'web-0', 'io.kubernetes.pod.namespace': 'shop' };
    const web = { Id: 'a', Names: ['/k8s_web_web-0'], Labels: { ...pod, 'io.kubernetes.container.name': 'web' } };
    const pause = { Id: 'b', Names: ['/k8s_POD_web-0'], Labels: { ...pod, 'io.kubernetes.docker.type': 'podsandbox' } };
    const all = listed([web, pause]);
    expect(all?.get('a')).toMatchObject({ name: 'web', pod: 'web-0', namespace: 'shop' });
    expect(all?.get('b')).toMatchObject({ name: 'POD', pod: 'web-0' });
  });

  test('leaves out what makes no sense, and is none when it is no list', () => {
    const odd = [null, 5, {}, { Id: 7 }, { Id: 'a', Names: 'web', Image: {}, State: [], Created: 'now', Labels: 3 }];
    expect([...(listed(odd) ?? [])]).toEqual([['a', NOTHING]]);
    expect(listed([{ Id: 'a', Created: 1e300, Names: ['x'.repeat(5_000)] }])?.get('a')).toEqual(NOTHING);
    for (const answer of [null, {}, 'text', 5]) expect(listed(answer)).toBeNull();
  });
});

describe('one container', () => {
  test('is told in another form', () => {
    const answer = {
      ...{ Name: '/web', Created: '2026-01-05T10:00:00.5+01:00', State: { Status: 'exited' } },
      Config: { Image: 'nginx', Labels: {} },
    };
    expect(inspected(answer)).toEqual({
      ...NOTHING,
      name: 'web',
      image: 'nginx',
      state: 'exited',
      createdAt: '2026-01-05T09:00:00Z',
    });
  });

  test.each([null, [], {}, { State: 'running' }])('%j is none', (answer) => {
    expect(inspected(answer)).toBeNull();
  });
});

test.each([
  [{ Type: 'container', Action: 'start', Actor: { ID: 'a' } }, 'a'],
  [{ Type: 'container', Action: 'rename', Actor: { ID: 'a' } }, 'a'],
  [{ status: 'die', id: 'b' }, 'b'],
  [{ Type: 'container', Action: 'exec_create: sh', Actor: { ID: 'a' } }, null],
  [{ Type: 'container', Action: 'health_status: healthy', Actor: { ID: 'a' } }, null],
  [{ Type: 'network', Action: 'connect', Actor: { ID: 'n' } }, null],
  [{ Type: 'container', Action: 'start', Actor: 5 }, null],
  [null, null],
  ['start', null],
])('the event %j is about %j', (event, id) => {
  expect(changedBy(event)).toBe(id);
});
