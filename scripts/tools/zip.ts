import { zipSync, type Zippable } from "fflate";

/** Local time on purpose: a zip stores local time, so this is 1980-01-01 00:00 wherever it is made. */
const EPOCH = new Date(1980, 0, 1);
const UNIX = 3;
/** -rw-r--r--, in the upper half as unix zip files have it. */
const REGULAR_FILE = 0o100644 << 16;

/** A zip whose bytes follow from its files alone: sorted names, one time, one mode, and a deflate in JavaScript. */
export function deterministicZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries: Zippable = {};
  for (const name of Object.keys(files).sort()) {
    const content = files[name];
    if (content) entries[name] = [content, { level: 9, mtime: EPOCH, os: UNIX, attrs: REGULAR_FILE }];
  }
  return zipSync(entries);
}
