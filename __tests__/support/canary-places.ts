import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";

/** Texts by the name of the place that they stand in. */
export type Places = Readonly<Record<string, string>>;

/** Every place that a canary stands in, as `<canary> in <place>`, sorted. A canary is found as it is, and in base64. */
export function canariesIn(canaries: Readonly<Record<string, string>>, places: Places): string[] {
  return Object.entries(canaries)
    .flatMap(([name, canary]) =>
      Object.entries(places)
        .filter(([, text]) => forms(canary).some((form) => text.includes(form)))
        .map(([place]) => `${name} in ${place}`),
    )
    .sort();
}

/** In base64 a text looks otherwise at each of three offsets, and its ends depend on its neighbours. */
function forms(canary: string): string[] {
  const inner = [0, 1, 2].map((offset) =>
    Buffer.from(`${"-".repeat(offset)}${canary}`)
      .toString("base64")
      .slice(offset === 0 ? 0 : 4, -4),
  );
  return [canary, ...inner];
}

/** A file's bytes, a character each; of a zip, and of a plan file, which is one, the files in it. */
export function textOf(path: string): string {
  const bytes = readFileSync(path);
  return bytes.subarray(0, 2).toString("latin1") === "PK"
    ? Object.entries(unzipSync(bytes))
        .map(([name, content]) => `${name}\n${Buffer.from(content).toString("latin1")}`)
        .join("\n")
    : bytes.toString("latin1");
}

/** Every file below a folder by its path, with a name before it. Throws where there is none: nothing would be shown. */
export function filesBelow(folder: string, name: string): Places {
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    : [];
  if (files.length === 0) throw new Error(`${folder} holds no files; expected some to look into.`);
  return Object.fromEntries(
    files.map(({ parentPath, name: file }) => [
      `${name} ${join(parentPath, file).slice(folder.length + 1)}`,
      textOf(join(parentPath, file)),
    ]),
  );
}
