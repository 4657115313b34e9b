import type { DuckDBMaterializedResult, DuckDBVarCharVector, DuckDBVector } from '@duckdb/node-api';
import type { SeriesResult } from '../contract.ts';

/**
 * Reads rows of (µs as DOUBLE, instance, then doubles without NULLs) into columns, without making an object per row.
 */
export function readSeries(result: DuckDBMaterializedResult): SeriesResult {
  const { rowCount, chunkCount } = result;
  const timestampsUs = new Float64Array(rowCount);
  const instanceIndex = new Uint32Array(rowCount);
  const columns = Array.from({ length: result.columnCount - 2 }, () => new Float64Array(rowCount));
  const indexOf = new Map<string, number>();
  for (let chunkIndex = 0, offset = 0; chunkIndex < chunkCount; chunkIndex++) {
    const chunk = result.getChunk(chunkIndex);
    copyDoubles(chunk.getColumnVector(0), timestampsUs, offset);
    copyIndexes(chunk.getColumnVector(1) as DuckDBVarCharVector, instanceIndex, offset, indexOf);
    for (const [index, column] of columns.entries()) copyDoubles(chunk.getColumnVector(index + 2), column, offset);
    offset += chunk.rowCount;
  }
  return { timestampsUs, instances: [...indexOf.keys()], instanceIndex, columns };
}

function copyDoubles(vector: DuckDBVector, into: Float64Array, offset: number): void {
  for (let row = 0; row < vector.itemCount; row++) into[offset + row] = vector.getItem(row) as number;
}

function copyIndexes(
  vector: DuckDBVarCharVector,
  into: Uint32Array,
  offset: number,
  indexOf: Map<string, number>,
): void {
  for (let row = 0; row < vector.itemCount; row++) {
    const instance = vector.getItem(row) as string;
    let index = indexOf.get(instance);
    if (index === undefined) {
      index = indexOf.size;
      indexOf.set(instance, index);
    }
    into[offset + row] = index;
  }
}

/** The first `rows` rows of a result. */
export function truncateSeries(result: SeriesResult, rows: number): SeriesResult {
  const instanceIndex = result.instanceIndex.slice(0, rows);
  return {
    timestampsUs: result.timestampsUs.slice(0, rows),
    // Instances are numbered as they appear, so those of the rows that stay are the first.
    instances: result.instances.slice(
      0,
      instanceIndex.reduce((most, index) => Math.max(most, index + 1), 0),
    ),
    instanceIndex,
    columns: result.columns.map((column) => column.slice(0, rows)),
  };
}

export function emptySeries(columnCount: number): SeriesResult {
  return {
    timestampsUs: new Float64Array(0),
    instances: [],
    instanceIndex: new Uint32Array(0),
    columns: Array.from({ length: columnCount }, () => new Float64Array(0)),
  };
}
