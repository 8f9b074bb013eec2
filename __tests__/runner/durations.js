const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

/** In `.quickturn/`: seconds that each file took in the last run on this machine. */
const RECORD = "test-durations.json";
/** What a fresh clone begins with. */
const COMMITTED = join(__dirname, "durations.json");

/** Seconds by file; files that are not in it are short or new. */
function readDurations() {
  const path = [join(__dirname, "../../.quickturn", RECORD), COMMITTED].find(existsSync);
  return path ? JSON.parse(readFileSync(path, "utf8")) : {};
}

module.exports = { RECORD, COMMITTED, readDurations };
