import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDockerfile, parseIgnoreFile } from "../../../scripts/image/dockerfile";
import { IMAGE_RULES, judgeImage, sumBytes, judgeSize, formatMebibytes } from "../../../scripts/image/image-rules";
import { AUTHORIZER_MEMORY_MIB, SWEEPER_MEMORY_MIB } from "../../../stacks/contract/fixed";
import { followsProfile, SETTINGS } from "../../../stacks/contract/settings";
import { PROJECT } from "../../support/stack-json";

describe("rules", () => {
  const ours = readFileSync(join(PROJECT, "handlers", "Dockerfile"), "utf8");
  const ignore = readFileSync(join(PROJECT, "handlers", "Dockerfile.dockerignore"), "utf8");
  const judge = (dockerfile: string, ignored = ignore, buildArguments: Record<string, string> = {}) =>
    judgeImage({ dockerfile: parseDockerfile(dockerfile), ignore: parseIgnoreFile(ignored), buildArguments });

  test("our own image breaks no rule, nor does it with a digest as base", () => {
    expect(judge(ours)).toEqual([]);
    expect(judge(ours, ignore, { BASE: `localhost:5000/base@sha256:${"0".repeat(64)}` })).toEqual([]);
  });

  const CASES: readonly [rule: string, spoil: (text: string) => string, message: string][] = [
    [
      "base-pinned",
      (text) => text.replace("nodejs:22", "nodejs:latest"),
      'FROM ${BASE} is "public.ecr.aws/lambda/nodejs:latest", which is another image tomorrow',
    ],
    [
      "base-pinned",
      (text) => text.replace("public.ecr.aws/lambda/nodejs:22", "localhost:5000/nodejs"),
      'is "localhost:5000/nodejs"',
    ],
    [
      "base-pinned",
      (text) => text.replace("ARG BASE=public.ecr.aws/lambda/nodejs:22", "ARG BASE"),
      'FROM ${BASE} is ""',
    ],
    [
      "two-stages",
      () => 'FROM node:22\nCOPY . .\nUSER 1:1\nCMD ["a.handler"]',
      "There is one stage, so what builds the image is in it",
    ],
    [
      "two-stages",
      (text) => text.replace("USER 993", "COPY handlers/ /src/\nUSER 993"),
      "The last stage copies handlers/ from outside. Allowed: COPY --from=<a stage of this file>.",
    ],
    ["no-build-tools", (text) => text.replace("USER 993", 'RUN ["npm", "ci"]\nUSER 993'), "The last stage has npm"],
    [
      "no-build-tools",
      (text) => text.replace("USER 993", 'RUN ["sh", "-c", "cd /x && /usr/bin/dnf install -y gcc"]\nUSER 993'),
      "The last stage has dnf",
    ],
    [
      "no-build-tools",
      (text) => text.replace("USER 993", "COPY --from=build /var/task/node_modules/ ./node_modules/\nUSER 993"),
      "The last stage has node_modules",
    ],
    [
      "no-add",
      (text) => text.replace("COPY dist/image/", "ADD dist/image/"),
      "ADD fetches and unpacks whatever is at its address. Use COPY.",
    ],
    ["no-secrets", (text) => text.replace("ENV NODE", "ENV DB_PASSWORD=x\nENV NODE"), "ENV holds DB_PASSWORD"],
    ["no-secrets", (text) => text.replace("ARG USER_ID", "ARG NPM_TOKEN\nARG USER_ID"), "ARG holds NPM_TOKEN"],
    ["no-secrets", (text) => text.replace("COPY dist/image/", "COPY .npmrc ./\nCOPY dist/image/"), "COPY holds .npmrc"],
    [
      "no-secrets",
      (text) => text.replace("ENV NODE", "ENV WHO=AKIAABCDEFGHIJKLMNOP\nENV NODE"),
      "ENV holds what looks like a credential",
    ],
    [
      "non-root",
      (text) => text.replace("USER 993:990\n", ""),
      "The last stage has no USER, so the image runs as root where its host allows it",
    ],
    [
      "non-root",
      (text) => text.replace("USER 993:990", "USER 993:990\nUSER 0"),
      'USER is "0". Allowed: numbers above 0',
    ],
    ["non-root", (text) => text.replace("USER 993:990", "USER node"), 'USER is "node"'],
    [
      "no-shell",
      (text) => text.replace('CMD ["api/index.handler"]', "CMD api/index.handler"),
      "CMD is read by a shell. Write it as a JSON list.",
    ],
    ["one-command", (text) => text.replace('CMD ["api/index.handler"]', ""), "The last stage has no CMD"],
  ];

  test.each(CASES)("%s is broken by a Dockerfile that breaks it", (rule, spoil, message) => {
    const problems = judge(spoil(ours));
    expect(problems.map((problem) => problem.rule)).toContain(rule);
    expect(problems.find((problem) => problem.rule === rule)?.message).toContain(message);
  });

  test.each([
    ["!dist\n", 'The ignore file begins with "!dist" instead of "*"'],
    ["", 'The ignore file begins with "" instead of "*"'],
    ["*\n!.git\n", 'The ignore file lets in ".git"'],
    ["*\n!handlers/node_modules/\n", 'The ignore file lets in "handlers/node_modules/"'],
  ])("the ignore file %j does not deny by default", (ignored, message) => {
    expect(judge(ours, ignored)).toMatchObject([
      { rule: "ignore-denies", message: expect.stringContaining(message) as unknown },
    ]);
  });

  test("every rule is broken by one of these cases", () => {
    expect([...new Set([...CASES.map(([rule]) => rule), "ignore-denies"])].sort()).toEqual([...IMAGE_RULES].sort());
  });

  test("a problem has a line", () => {
    expect(judge('FROM a:1 AS b\nADD x y\nFROM a:1\nUSER 1:1\nCMD ["x"]')).toMatchObject([{ rule: "no-add", line: 2 }]);
  });

  test("the code caches are for the memory that the profiles and the stack give the functions", () => {
    const values = (name: string) => {
      const setting = SETTINGS.find((each) => each.name === name)!;
      return "profiles" in setting && followsProfile(setting)
        ? Object.values(setting.profiles)
        : [(setting as { value: number }).value];
    };
    const wanted = [
      ...values("api_memory_size").map((size) => `api:${size}`),
      `authorizer:${AUTHORIZER_MEMORY_MIB}`,
      `sweeper:${SWEEPER_MEMORY_MIB}`,
      ...values("memory_size").map((size) => `worker:${size}`),
    ];
    expect(/ARG FUNCTIONS="([^"]*)"/.exec(ours)![1]!.split(" ")).toEqual([...new Set(wanted)]);
  });
});

describe("size", () => {
  const LAYERS = [
    { line: 3, bytes: 100 },
    { line: 4, bytes: 300 },
  ];

  test("an image within its budget has no problem, one byte above it names its largest layer", () => {
    expect(sumBytes(LAYERS)).toBe(400);
    expect(judgeSize(LAYERS, 400)).toEqual([]);
    expect(judgeSize(LAYERS, 399)).toMatchObject([
      { rule: "size-budget", line: 4, message: expect.stringContaining("This layer is the largest") as unknown },
    ]);
  });

  test("sizes are in mebibytes", () => expect(formatMebibytes(9_730_604)).toBe("9.3 MiB"));
});
