import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A stack trace that names the lines of the sources instead of those of the built program, by the maps beside it. Node
 * would read every map at every start; so they are read when something has gone wrong.
 * @param root folder that the sources are named from
 */
export function sourceTrace(stack: string, root: string): string {
  return stack.replaceAll(
    /(file:\/\/[^\s():]+\.mjs):(\d+):(\d+)/g,
    (built: string, file: string, line: string, column: string) => {
      const map = `${fileURLToPath(file)}.map`;
      if (!existsSync(map)) return built;
      const entry = new SourceMap(JSON.parse(readFileSync(map, "utf8")) as SourceMapPayload).findEntry(
        Number(line) - 1,
        Number(column) - 1,
      );
      return "originalSource" in entry
        ? `${relative(root, resolve(dirname(map), entry.originalSource))}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
        : built;
    },
  );
}

/**
 * Returns the stack traces of an error and of its causes, the outermost first; "" for what is no error.
 * @param root folder that the sources are named from
 */
export function causesOf(error: unknown, root: string): string {
  if (!(error instanceof Error)) return "";
  const trace = sourceTrace(error.stack ?? error.message, root);
  const cause = causesOf(error.cause, root);
  return cause === "" ? trace : `${trace}\nCaused by: ${cause}`;
}
