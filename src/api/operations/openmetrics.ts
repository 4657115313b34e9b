import type { Catalogue, FamilyDescriptor, FieldDescriptor } from '../../metrics/catalogue.ts';
import type { MetricsView } from '../../metrics/view.ts';

export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A figure of the daemon's own. */
export interface OwnMetric {
  name: string;
  kind: 'gauge' | 'counter';
  help: string;
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

/** By family: what the series of an instance say of it beside its name. Labels must not change from scrape to scrape without need. */
export type InstanceLabels = ReadonlyMap<string, (instance: string) => Readonly<Record<string, string>>>;

/**
 * The OpenMetrics 1.0 text of the newest figures: each family's fields as `tacho_<family>_<field>`, and the daemon's own.
 * Values that are not there are left out.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function openMetrics(
  catalogue: Catalogue,
  view: MetricsView,
  own: readonly OwnMetric[],
  instanceLabels: InstanceLabels = new Map(),
): string {
  const lines: string[] = [];
  for (const family of catalogue.families) {
    const shown = shownInstances(family, view, instanceLabels.get(family.name));
    for (const field of family.fields) writeField(lines, family, field, view, shown);
  }
  for (const metric of own) {
    writeHead(lines, `tacho_${metric.name}`, metric.kind, metric.help);
    for (const { labels, value } of metric.samples) {
      lines.push(`tacho_${metric.name}${metric.kind === 'counter' ? '_total' : ''}${labelText(labels ?? {})} ${value}`);
    }
  }
  lines.push('# EOF', '');
  return lines.join('\n');
}

interface ShownInstance {
  name: string;
  labels: string;
}

function shownInstances(
  family: FamilyDescriptor,
  view: MetricsView,
  more: (instance: string) => Readonly<Record<string, string>> = () => ({}),
): ShownInstance[] {
  // Sums are the scraper's to make: `all` beside its parts would count everything twice, except where parts don't sum to it.
  const names = view.instances(family.name).filter((instance) => instance !== 'all' || family.name === 'cpu');
  return names.map((name) => {
    const labels = family.instanceLabel === '' ? {} : { [family.instanceLabel]: name };
    return { name, labels: labelText({ ...labels, ...more(name) }) };
  });
}

function writeField(
  lines: string[],
  family: FamilyDescriptor,
  field: FieldDescriptor,
  view: MetricsView,
  shown: readonly ShownInstance[],
): void {
  const counter = field.kind === 'counter';
  // A counter family is named without the suffix that its samples carry.
  const name = `tacho_${family.name}_${counter ? field.name.replace(/_total$/, '') : field.name}`;
  const samples: string[] = [];
  for (const instance of shown) {
    const value = view.value(family.name, instance.name, field.name);
    if (Number.isFinite(value)) samples.push(`${name}${counter ? '_total' : ''}${instance.labels} ${value}`);
  }
  if (samples.length === 0) return;
  writeHead(lines, name, counter ? 'counter' : 'gauge', field.help);
  lines.push(...samples);
}

function writeHead(lines: string[], name: string, type: string, help: string): void {
  lines.push(`# TYPE ${name} ${type}`, `# HELP ${name} ${escapeText(help)}`);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeText(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeText(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
