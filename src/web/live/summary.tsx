import { byteRate, decimal, percent } from '../lib/format.ts';
import { messages } from '../messages.ts';
import { Icon } from '../ui/icon.tsx';
import { BigReading, Meter, Reading } from './reading.tsx';

const text = messages.summary;

/** The five figures one looks at first. */
export function Summary() {
  return (
    <section class="summary" aria-label={text.title}>
      <article class="tile">
        <h2>{text.cpu}</h2>
        <BigReading of={({ cpu }) => percent(cpu?.usage_percent)} testId="cpu-usage" />
        <Meter of={({ cpu }) => cpu?.usage_percent} />
      </article>
      <article class="tile">
        <h2>{text.memory}</h2>
        <BigReading of={({ memory }) => percent(memory?.usage_percent)} testId="memory-usage" />
        <Meter of={({ memory }) => memory?.usage_percent} />
      </article>
      <article class="tile">
        <h2>{text.load}</h2>
        <BigReading of={({ cpu }) => decimal(cpu?.load_avg?.[0])} testId="load-1" />
        <p class="tile-note">
          <Reading of={({ cpu }) => decimal(cpu?.load_avg?.[1])} testId="load-5" />
          <span class="tile-note-label">{messages.cpu.loadSpans[1]}</span>
          <Reading of={({ cpu }) => decimal(cpu?.load_avg?.[2])} testId="load-15" />
          <span class="tile-note-label">{messages.cpu.loadSpans[2]}</span>
        </p>
      </article>
      <article class="tile tile-pair">
        <h2>{text.network}</h2>
        <p>
          <Icon name="down" />
          <span class="sr-only">{messages.network.received} </span>
          <BigReading of={({ network }) => byteRate(network?.bytes_recv_per_sec)} testId="network-received" />
        </p>
        <p>
          <Icon name="up" />
          <span class="sr-only">{messages.network.sent} </span>
          <BigReading of={({ network }) => byteRate(network?.bytes_sent_per_sec)} testId="network-sent" />
        </p>
      </article>
      <article class="tile tile-pair">
        <h2>{text.disk}</h2>
        <p>
          <span class="tile-letter" title={messages.disk.read} aria-hidden="true">
            R
          </span>
          <span class="sr-only">{messages.disk.read} </span>
          <BigReading of={({ disk }) => byteRate(disk?.io?.read_bytes_per_sec)} testId="disk-read" />
        </p>
        <p>
          <span class="tile-letter" title={messages.disk.written} aria-hidden="true">
            W
          </span>
          <span class="sr-only">{messages.disk.written} </span>
          <BigReading of={({ disk }) => byteRate(disk?.io?.write_bytes_per_sec)} testId="disk-written" />
        </p>
      </article>
    </section>
  );
}
