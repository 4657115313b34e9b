import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ControlGroup } from '../../bench/harness/control-group.ts';

const HOG = fileURLToPath(new URL('child-hog.ts', import.meta.url));

export type HogOrder = { allocateBytes: number } | { sendTo: { address: string; port: number } };

/** What it has used since it began. */
export interface HogReport {
  /** `done` answers an order, or says that it is ready. */
  kind: 'done' | 'cycle';
  atUs: number;
  cpuUs: number;
}

/** Addresses for measurements between hosts (RFC 2544); a network of four for each process. */
function addresses(): { ours: string; theirs: string } {
  const network = `198.18.${(process.pid >> 6) & 255}`;
  const first = (process.pid & 63) * 4;
  return { ours: `${network}.${first + 1}`, theirs: `${network}.${first + 2}` };
}

/** A container as a runtime makes it: a control group, a network namespace with a cable to the host, and a process that is busy. */
export class HandMadeContainer {
  readonly group: ControlGroup;
  readonly reports: HogReport[] = [];
  readonly #cable = `tacho${process.pid}`;
  readonly #events = new EventEmitter();
  readonly #socket: Socket = createSocket('udp4');
  #hog: ChildProcess | undefined;

  /** Has no process yet, nor a network. */
  constructor(name: string) {
    this.group = new ControlGroup(name);
    // Whoever waits for an order to be done hears of it; at other times, as when it is closed, nobody needs to.
    this.#events.on('error', () => {});
  }

  /** The process is at work when this resolves, and has been given no memory yet. */
  async start(): Promise<void> {
    await this.#spawn();
    await this.#connect();
    await this.#order({ sendTo: { address: addresses().ours, port: this.#socket.address().port } });
  }

  async allocate(bytes: number): Promise<void> {
    await this.#order({ allocateBytes: bytes });
  }

  /** What the kernel has counted on the host's end of the cable: what the host got is what the container sent. */
  traffic(): { receivedBytes: number; sentBytes: number } {
    const counter = (name: string) => Number(readFileSync(`/sys/class/net/${this.#cable}/statistics/${name}`, 'utf8'));
    return { receivedBytes: counter('tx_bytes'), sentBytes: counter('rx_bytes') };
  }

  async close(): Promise<void> {
    if (this.#hog && this.#hog.exitCode === null && this.#hog.signalCode === null) {
      const exited = once(this.#hog, 'exit');
      this.#hog.kill('SIGKILL');
      await exited;
    }
    this.#socket.close();
    try {
      execFileSync('ip', ['link', 'delete', this.#cable], { stdio: 'ignore' });
    } catch {
      // It was never made, or went with the namespace at its other end.
    }
    await this.group.close();
  }

  async #spawn(): Promise<void> {
    const script = `${this.group.enter}exec unshare --net -- "$@"`;
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', HOG];
    const hog = spawn('/bin/sh', ['-c', script, 'sh', ...command], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#hog = hog;
    hog.on('message', (report: HogReport) => {
      this.reports.push(report);
      this.#events.emit(report.kind);
    });
    hog.once('exit', () => this.#events.emit('error', new Error('the process of the container has ended')));
    await once(this.#events, 'done');
  }

  async #connect(): Promise<void> {
    const { ours, theirs } = addresses();
    const pid = `${this.#hog?.pid}`;
    const inside = (...words: string[]) => execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...words]);
    const peer = ['peer', 'name', 'eth0', 'netns', pid];
    execFileSync('ip', ['link', 'add', this.#cable, 'type', 'veth', ...peer]);
    execFileSync('ip', ['address', 'add', `${ours}/30`, 'dev', this.#cable]);
    execFileSync('ip', ['link', 'set', this.#cable, 'up']);
    inside('address', 'add', `${theirs}/30`, 'dev', 'eth0');
    inside('link', 'set', 'eth0', 'up');
    this.#socket.bind(0, ours);
    await once(this.#socket, 'listening');
    // Half of it back, so that nobody can take one direction for the other.
    this.#socket.on('message', (datagram, from) => {
      this.#socket.send(datagram.subarray(datagram.length / 2), from.port, from.address);
    });
  }

  async #order(order: HogOrder): Promise<void> {
    const done = once(this.#events, 'done');
    this.#hog?.send(order);
    await done;
  }
}
