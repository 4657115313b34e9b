/** What the bench asks of the process that holds the sampler (processes/sampler.ts), and what that answers. */
export interface SegmentRequest {
  intervalMs: number;
  seconds: number;
  /** All but those that one opts in to where there are none. */
  families?: readonly string[];
}

/** What one reader did in a segment. */
interface ReaderActivity {
  /** As the sampler names it: the path under /proc for files there. */
  name: string;
  reads: number;
  errors: number;
}

/** All figures are of the segment alone. */
export interface Segment {
  seconds: number;
  /** Wake-ups that made frames. */
  ticks: number;
  /** Frames made, and grid points that no frame was made for, over all families. */
  frames: number;
  missed: number;
  /** CPU time of the sampler's own threads. */
  samplerCpuNs: number;
  /** CPU time of the thread that drains the ring and walks the frames in JavaScript. */
  drainCpuNs: number;
  readers: ReaderActivity[];
  mountpoints: string[];
  /** Files of control groups, and of tasks for their networks, that were open in the end: those that each pass reads. */
  groupFiles: string[];
}

export type SegmentReply = { segment: Segment } | { error: string };
