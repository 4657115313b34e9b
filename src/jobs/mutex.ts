/** Does one piece of work at a time, in the order of asking. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    // A failure is its caller's; the next in turn does not mind.
    this.#last = result.catch(() => {});
    return result;
  }
}
