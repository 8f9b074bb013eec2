import {
  readAssignments,
  parseDockerfile,
  substituteVariables,
  parseIgnoreFile,
} from "../../../scripts/image/dockerfile";

describe("dockerfile", () => {
  test("a Dockerfile has arguments and stages, with flags, JSON lists and continued lines", () => {
    const { globalArguments, stages } = parseDockerfile(
      [
        "# a comment",
        "ARG BASE=node:22",
        "FROM ${BASE} AS build",
        "COPY --chown=1:1 --link=false a \\",
        "  # within",
        '  "b c" ./',
        'run ["node", "x.mjs"]',
        "",
        "FROM scratch",
        "CMD echo hello",
      ].join("\n"),
    );
    expect(globalArguments).toEqual({ BASE: "node:22" });
    expect(stages).toEqual([
      {
        name: "build",
        base: "${BASE}",
        line: 3,
        instructions: [
          {
            keyword: "COPY",
            flags: { chown: "1:1", link: "false" },
            words: ["a", "b c", "./"],
            isExec: false,
            line: 4,
          },
          { keyword: "RUN", flags: {}, words: ["node", "x.mjs"], isExec: true, line: 7 },
        ],
      },
      {
        name: undefined,
        base: "scratch",
        line: 9,
        instructions: [{ keyword: "CMD", flags: {}, words: ["echo", "hello"], isExec: false, line: 10 }],
      },
    ]);
  });

  test("an unknown or misplaced instruction is refused with its line", () => {
    expect(() => parseDockerfile("FROM a\nCOPPY a b")).toThrow(
      /^Line 2: "COPPY" is no instruction\. Allowed: ADD, ARG/,
    );
    expect(() => parseDockerfile("COPY a b\nFROM a")).toThrow(
      "Line 1: COPY stands before the first FROM. Allowed there: ARG.",
    );
    expect(() => parseDockerfile("# nothing\n")).toThrow("There is no FROM. A Dockerfile has at least one stage.");
  });

  test("a list that is not a JSON list of texts is read by a shell", () => {
    expect(parseDockerfile("FROM a\nRUN ['node']").stages[0]!.instructions[0]).toMatchObject({ isExec: false });
    expect(parseDockerfile("FROM a\nRUN [1]").stages[0]!.instructions[0]).toMatchObject({ isExec: false });
  });

  test("names are replaced by their values, and a name without a value by nothing", () => {
    expect(substituteVariables("${A}-$B/$C.", readAssignments(["A=1", "B=x=y", "C"]))).toBe("1-x=y/.");
  });
});

describe("ignore file", () => {
  test.each<[patterns: string, path: string, excluded: boolean]>([
    ["*\n!dist/image", "dist/image/api/index.mjs", false],
    ["*\n!dist/image", "dist/functions/api.zip", true],
    ["*\n!dist/image", ".git/config", true],
    ["*\n!a\na/secret", "a/secret/key", true],
    ["**/*.pem", "deep/down/a.pem", true],
    ["**/*.pem", "a.pem", true],
    ["*.pem", "deep/a.pem", false],
    ["a?c", "abc/d", true],
    ["a+b", "aab", false],
    ["# *\n", "anything", false],
    ["", "anything", false],
  ])("with the patterns %j the path %s is kept back: %s", (patterns, path, excluded) => {
    expect(parseIgnoreFile(patterns).excludes(path)).toBe(excluded);
  });
});
