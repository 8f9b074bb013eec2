const { relative } = require("node:path");
const { default: Sequencer } = require("@jest/test-sequencer");
const { readDurations } = require("./durations");

/**
 * Begins with the files that took longest in the last run, so that all workers end together; and cuts shards of equal
 * length.
 */
module.exports = class LongestFirst extends Sequencer {
  constructor(options) {
    super(options);
    this.durations = readDurations();
  }

  seconds({ path, context }) {
    return this.durations[relative(context.config.rootDir, path)] ?? 0;
  }

  sort(tests) {
    return [...super.sort(tests)].sort((one, other) => this.seconds(other) - this.seconds(one));
  }

  /** Each file goes to the shard that has the least so far. Every shard computes the same. */
  shard(tests, { shardIndex, shardCount }) {
    const shards = Array.from({ length: shardCount }, () => ({ seconds: 0, tests: [] }));
    const inOrder = [...tests].sort(
      (one, other) => this.seconds(other) - this.seconds(one) || (one.path < other.path ? -1 : 1),
    );
    for (const test of inOrder) {
      const least = shards.reduce((found, shard) => (shard.seconds < found.seconds ? shard : found));
      // A file that is not recorded takes about a second too.
      least.seconds += this.seconds(test) || 1;
      least.tests.push(test);
    }
    return shards[shardIndex - 1].tests;
  }
};
