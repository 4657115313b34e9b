/** Timestamps of a frame carry the number of their clock epoch in their last three digits; see frame.ts. */
const CLOCK_EPOCHS = 1_000;

/**
 * The clock epoch a sampler starts in so that it never stamps two frames alike, however the clock moved while it was away: the
 * epoch of the newest frame of the run before, or the one behind that when the clock now reads no later than that frame.
 *
 * It goes on with an epoch even when the clock is well again: only within one epoch is time known to have run forward. After epoch
 * 999 comes 0, whose stamps lie a thousand clock steps back.
 *
 * @param lastTimestampUs stamp of the newest frame of the run before (the last one taken, not the largest stamp); null without one
 * @param nowUs µs since the Unix epoch
 */
export function resumeEpoch(lastTimestampUs: number | null, nowUs: number): number {
  if (lastTimestampUs === null) return 0;
  const epoch = lastTimestampUs % CLOCK_EPOCHS;
  return nowUs > lastTimestampUs ? epoch : (epoch + 1) % CLOCK_EPOCHS;
}
