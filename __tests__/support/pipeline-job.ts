import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runProgram, type Ended } from "./command-line";
import { PROJECT } from "./stack-json";

/** A workflow of GitHub, as far as it is read here. */
export interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions: unknown;
  readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowJob {
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly needs?: string | readonly string[];
  /** Another workflow, which is run in its place. */
  readonly uses?: string;
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly WorkflowStep[];
}

export interface WorkflowStep {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A job of GitLab, as far as it is read here. */
export interface GitLabJob {
  readonly script?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly stage?: string;
  readonly rules?: readonly { readonly if: string; readonly when?: string }[];
  readonly resource_group?: string;
}

/** `gitlab` or `gitlab-cdktf`. Its entries that are no jobs have no script. */
export function readGitLab(name: string): Record<string, GitLabJob> {
  return parse(readFileSync(join(PROJECT, ".ci", `${name}.yml`), "utf8"), {
    customTags: [{ tag: "!reference", collection: "seq" }],
  }) as Record<string, GitLabJob>;
}

/** `pull-request`, `deploy`, `drift` or `cdktf`. */
export function readWorkflow(name: string): Workflow {
  return parse(readFileSync(join(PROJECT, ".github/workflows", `${name}.yml`), "utf8")) as Workflow;
}

/** What a step said and how it ended. */
export interface RunStep extends Ended {
  readonly name: string;
  readonly run: string;
}

export interface JobRun {
  readonly project: string;
  /** The runner's environment. What the workflow sets itself is laid over it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Values of `${{ … }}`, by what stands between; another one fails. */
  readonly expressions: Readonly<Record<string, string>>;
  /** Steps that cannot run here, by name; the test says why. */
  readonly without?: readonly string[];
  /** What is run for `npx quickturn`, such as the program that npx finds after a second. Default: npx. */
  readonly quickturn?: string;
}

/**
 * Runs a job's own steps in order, as the runner does: by `bash -e`, up to the first that fails. Actions and steps with
 * a condition are left out.
 */
export async function runJob(
  { env = {}, steps = [] }: WorkflowJob,
  { project, environment, expressions, without = [], quickturn = "npx quickturn" }: JobRun,
): Promise<RunStep[]> {
  const evaluated = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, evaluate(value, expressions)]));
  const done: RunStep[] = [];
  for (const { run, name = "", if: condition, env: own = {} } of steps) {
    if (run === undefined || condition !== undefined || without.includes(name)) continue;
    const step = {
      run,
      name,
      ...(await runProgram("bash", ["-e", "-c", run.replaceAll("npx quickturn", quickturn)], {
        project,
        environment: { ...environment, ...evaluated(env), ...evaluated(own) },
      })),
    };
    done.push(step);
    if (step.code !== 0) break;
  }
  return done;
}

function evaluate(value: string, expressions: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const given = expressions[expression];
    if (given === undefined)
      throw new Error(`The workflow uses \${{ ${expression} }}; the test gives ${Object.keys(expressions).join(", ")}`);
    return given;
  });
}
