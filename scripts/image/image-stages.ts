import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { run } from "../kit/process";
import { readAssignments, substituteVariables, type ImageFiles, type Instruction, type Stage } from "./dockerfile";

/** Where and with what a Dockerfile's stages are executed. */
export interface StageOptions extends ImageFiles {
  /** Folder that COPY takes from. */
  readonly context: string;
  /** Empty folder. The image becomes its `root`; the earlier stages are beside it. */
  readonly folder: string;
  /** The Node.js that is used instead of the base image's. */
  readonly nodePath: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What an instruction added to the base image. */
interface ImageLayer {
  readonly line: number;
  readonly files: number;
  readonly bytes: number;
}

/** An image as a folder: what its stages added to the base image, and how it is started. */
export interface ImageRoot {
  /** The image's "/", without the base image's files. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly user: string | undefined;
  readonly command: readonly string[];
  readonly layers: readonly ImageLayer[];
}

/** What AWS's base images for Node.js set. */
const BASE = { environment: { LAMBDA_TASK_ROOT: "/var/task" }, workingDirectory: "/var/task" } as const;

/**
 * Executes a Dockerfile without a daemon, privileges or the base image: COPY, ENV, ARG, WORKDIR, USER, CMD, and RUN of
 * Node.js alone. Absolute paths among RUN's arguments are paths of the image. Nothing is isolated, and everything runs
 * as this process's user.
 * @throws Error naming the line of an instruction that cannot be executed, or that failed
 */
export async function executeStages(options: StageOptions): Promise<ImageRoot> {
  const earlier = new Map<string, string>();
  // All stages run in the same folder, as in a builder: a stage may write paths of the next one's files.
  const folder = imageFolder(options);
  let image: ImageRoot | undefined;
  for (const [index, stage] of options.dockerfile.stages.entries()) {
    if (earlier.has(stage.base))
      throw new Error(
        `Line ${stage.line}: FROM ${stage.base} begins with another stage, which is not supported here. ` +
          "Copy from it instead.",
      );
    image = await new StageExecution(options, stage, earlier).execute();
    if (index === options.dockerfile.stages.length - 1) break;
    const aside = join(options.folder, String(index));
    renameSync(folder, aside);
    earlier.set(stage.name ?? String(index), aside);
  }
  return image!;
}

const imageFolder = ({ folder }: StageOptions): string => join(folder, "root");

/** Where a path of an image is on this machine. It is never outside the image's folder. */
export function locateInImage(folder: string, path: string, workingDirectory = "/"): string {
  return join(folder, posix.resolve("/", workingDirectory, path));
}

/** One stage while it is executed. */
class StageExecution {
  private readonly environment: Record<string, string> = { ...BASE.environment };
  private readonly given: Record<string, string> = {};
  private readonly layers: ImageLayer[] = [];
  private workingDirectory: string = BASE.workingDirectory;
  private user: string | undefined;
  private command: readonly string[] = [];
  private readonly folder: string;

  constructor(
    private readonly options: StageOptions,
    private readonly stage: Stage,
    /** Folders of the earlier stages, by name. */
    private readonly earlier: ReadonlyMap<string, string>,
  ) {
    this.folder = imageFolder(options);
  }

  async execute(): Promise<ImageRoot> {
    mkdirSync(locateInImage(this.folder, this.workingDirectory), { recursive: true });
    for (const instruction of this.stage.instructions) {
      await this.perform(instruction).catch((cause: unknown) => {
        const { keyword, line } = instruction;
        throw new Error(`Line ${line}: ${keyword} failed: ${(cause as Error).message}`, { cause });
      });
    }
    const { folder, environment, workingDirectory, user, command, layers } = this;
    return { folder, environment, workingDirectory, user, command, layers };
  }

  private async perform({ keyword, words, flags, isExec, line }: Instruction): Promise<void> {
    const filled = words.map((word) => substituteVariables(word, this.values));
    if (keyword === "ARG") this.declareArguments(words);
    else if (keyword === "ENV") Object.assign(this.environment, readAssignments(filled));
    else if (keyword === "WORKDIR") this.changeDirectory(filled[0] ?? "");
    else if (keyword === "USER") this.user = filled[0];
    else if (keyword === "CMD" && isExec) this.command = words;
    else if (keyword === "COPY") this.copy(filled, flags["from"], line);
    else if (keyword === "RUN" && isExec && words[0] === "node") await this.run(words.slice(1));
    else if (keyword !== "LABEL")
      throw new Error(
        'it is not supported here. Allowed: ARG, CMD as a JSON list, COPY, ENV, LABEL, RUN ["node", ...], ' +
          "USER, WORKDIR.",
      );
  }

  /** As in a builder: the environment hides arguments of the same name. */
  private get values(): Record<string, string> {
    return { ...this.given, ...this.environment };
  }

  private declareArguments(words: readonly string[]): void {
    const { buildArguments = {}, dockerfile } = this.options;
    for (const word of words) {
      const [name] = word.split("=") as [string];
      const value = buildArguments[name] ?? readAssignments([word])[name] ?? dockerfile.globalArguments[name];
      if (value !== undefined) this.given[name] = value;
    }
  }

  private changeDirectory(path: string): void {
    this.workingDirectory = posix.resolve(this.workingDirectory, path);
    mkdirSync(this.locate("."), { recursive: true });
  }

  private locate(path: string): string {
    return locateInImage(this.folder, path, this.workingDirectory);
  }

  private copy(words: readonly string[], from: string | undefined, line: number): void {
    const target = words.at(-1) ?? "";
    const root = from === undefined ? this.options.context : this.earlier.get(from);
    if (root === undefined)
      throw new Error(
        `there is no stage ${from} before it. Allowed: ${[...this.earlier.keys()].join(", ") || "none"}.`,
      );
    const excludes = (path: string) => from === undefined && path !== "" && this.options.ignore.excludes(path);
    let [files, bytes] = [0, 0];
    for (const source of words.slice(0, -1)) {
      const path = locateInImage(root, source);
      const copied = listFiles(path).filter((file) => !excludes(relative(root, file).split(sep).join("/")));
      // A folder of an earlier stage may be empty; an empty one of the context is a mistake.
      if (copied.length === 0 && (from === undefined || !existsSync(path)))
        throw new Error(`${source} does not exist, or the ignore file keeps it back.`);
      const single = statSync(path).isFile();
      const into =
        single && /(^|\/)\.?$/.test(target)
          ? join(this.locate(target), relative(dirname(path), path))
          : this.locate(target);
      for (const file of copied) {
        const to = single ? into : join(into, relative(path, file));
        mkdirSync(dirname(to), { recursive: true });
        cpSync(file, to, { preserveTimestamps: true });
        files += 1;
        bytes += statSync(file).size;
      }
    }
    this.layers.push({ line, files, bytes });
  }

  private async run(args: readonly string[]): Promise<void> {
    const { nodePath, signal } = this.options;
    const located = args.map((arg) => (arg.startsWith("/") ? this.locate(arg) : arg));
    const env = { ...this.given, ...mapEnvironment(this.folder, this.environment) };
    await run(nodePath, located, { cwd: this.locate("."), env, signal });
  }
}

/** An image's variables for a process that sees the image as a folder: absolute paths become paths below it. */
export function mapEnvironment(folder: string, environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.startsWith("/") ? locateInImage(folder, value) : value,
    ]),
  );
}

/** Every file at or below a path; none where it does not exist. */
function listFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => resolve(path, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}
