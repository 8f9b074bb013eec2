// @ts-check
const { createHash } = require("node:crypto");
const { readFileSync, readdirSync, statSync } = require("node:fs");
const { join } = require("node:path");

/**
 * The hash of every file below some folders, and of its name.
 * @param {string} root
 * @param {readonly string[]} names folders and files below the root; one that is missing counts as empty
 * @returns {string}
 */
function hashSources(root, names) {
  const hash = createHash("sha256");
  /** @param {string} name */
  const add = (name) => {
    const path = join(root, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) {
      for (const each of readdirSync(path).sort()) if (each !== "node_modules") add(`${name}/${each}`);
    } else if (found) {
      const content = readFileSync(path);
      hash.update(`${name}\0${content.length}\0`).update(content);
    }
  };
  names.forEach(add);
  return hash.digest("hex");
}

/** Where npm notes which packages are installed: after an edit of the lock file those may still be the old ones. */
const INSTALLED_PACKAGES = "node_modules/.package-lock.json";

module.exports = { INSTALLED_PACKAGES, hashSources };
