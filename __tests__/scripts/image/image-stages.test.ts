import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDockerfile, parseIgnoreFile } from "../../../scripts/image/dockerfile";
import { mapEnvironment, executeStages, locateInImage, type ImageRoot } from "../../../scripts/image/image-stages";
import { temporaryFolder } from "../../support/temporary-folder";

/** Executes a Dockerfile over a context of files. */
async function execute(
  dockerfile: readonly string[],
  files: Readonly<Record<string, string>> = {},
  options: { ignore?: string; buildArguments?: Record<string, string> } = {},
): Promise<ImageRoot> {
  const context = temporaryFolder("context");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(context, name)), { recursive: true });
    writeFileSync(join(context, name), content);
  }
  const { ignore = "", buildArguments = {} } = options;
  return executeStages({
    dockerfile: parseDockerfile(dockerfile.join("\n")),
    ignore: parseIgnoreFile(ignore),
    context,
    folder: join(temporaryFolder("stages"), "new"),
    nodePath: process.execPath,
    buildArguments,
  });
}
const text = ({ folder }: ImageRoot, path: string) => readFileSync(join(folder, path), "utf8");

test("the last stage holds what it copied, and not what an earlier stage used", async () => {
  const image = await execute(
    [
      "ARG BASE=b:1",
      "FROM ${BASE} AS build",
      "ARG WORD=default",
      "COPY tool.mjs /build/tool.mjs",
      "COPY src/ ./",
      'RUN ["node", "/build/tool.mjs", "/out/made.txt"]',
      "FROM ${BASE}",
      "COPY --from=build /out/ ./given/",
      "ENV WHERE=/var/task/given PLAIN=text",
      "USER 993:990",
      'CMD ["given/index.handler"]',
    ],
    {
      "tool.mjs":
        'import fs from "node:fs"; fs.mkdirSync(process.argv[2].replace(/[^/]*$/, "")); ' +
        'fs.writeFileSync(process.argv[2], process.env.WORD + fs.readFileSync("deep/a.txt", "utf8"));',
      "src/deep/a.txt": " of a",
    },
    { buildArguments: { WORD: "given" } },
  );
  expect(text(image, "var/task/given/made.txt")).toBe("given of a");
  expect(() => text(image, "build/tool.mjs")).toThrow("ENOENT");
  expect(image).toMatchObject({
    environment: { LAMBDA_TASK_ROOT: "/var/task", WHERE: "/var/task/given", PLAIN: "text" },
    workingDirectory: "/var/task",
    user: "993:990",
    command: ["given/index.handler"],
    layers: [{ line: 8, files: 1, bytes: 10 }],
  });
  expect(mapEnvironment("/image", image.environment)).toEqual({
    LAMBDA_TASK_ROOT: "/image/var/task",
    WHERE: "/image/var/task/given",
    PLAIN: "text",
  });
});

test("COPY does not find files that the ignore file keeps back", async () => {
  const files = { "a/one.txt": "1", "a/secret.pem": "s", "b.txt": "b" };
  const image = await execute(["FROM a:1", "COPY a/ b.txt ./", 'CMD ["x"]'], files, { ignore: "**/*.pem" });
  expect(image.layers).toEqual([{ line: 2, files: 2, bytes: 2 }]);
  await expect(execute(["FROM a:1", "COPY b.txt ./"], files, { ignore: "*\n!a" })).rejects.toThrow(
    "Line 2: COPY failed: b.txt does not exist, or the ignore file keeps it back.",
  );
});

test("a path never leaves the image", () => {
  expect(locateInImage("/image", "../../../etc/passwd", "/var/task")).toBe("/image/etc/passwd");
  expect(locateInImage("/image", "/../x")).toBe("/image/x");
});

test.each([
  [
    ["FROM a:1", 'RUN ["npm", "ci"]'],
    "Line 2: RUN failed: it is not supported here. Allowed: ARG, CMD as a JSON list, COPY, ENV, LABEL, " +
      'RUN ["node", ...], USER, WORKDIR.',
  ],
  [["FROM a:1", "RUN node x"], "Line 2: RUN failed: it is not supported here."],
  [["FROM a:1", "ADD a b"], "Line 2: ADD failed: it is not supported here."],
  [
    ["FROM a:1 AS one", "FROM one"],
    "Line 2: FROM one begins with another stage, which is not supported here. Copy from it instead.",
  ],
  [
    ["FROM a:1 AS one", "FROM a:1", "COPY --from=two /a /b"],
    "Line 3: COPY failed: there is no stage two before it. Allowed: one.",
  ],
  [
    ["FROM a:1", 'RUN ["node", "--eval", "console.error(7 * 6); process.exit(3)"]'],
    /Line 2: RUN failed: .*ended with code 3:\n42/,
  ],
])("%j is refused", async (dockerfile, message) => {
  await expect(execute(dockerfile)).rejects.toThrow(message);
});
