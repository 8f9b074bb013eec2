import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { comment, type CommentOptions } from "../../../scripts/review/comment";
import type { CommandContext } from "../../../scripts/kit/context";
import { forgeServer, type ForgeServerOptions } from "../../support/forge-server";
import { temporaryFolder } from "../../support/temporary-folder";

const context = (environment: NodeJS.ProcessEnv): CommandContext => ({
  projectDirectory: "",
  environment,
  progress: { step: (_, work) => work(() => undefined), note: () => undefined },
  signal: new AbortController().signal,
});

let folder: string;
let file: string;
let event: string;
beforeAll(() => {
  folder = temporaryFolder("comment");
  [file, event] = [join(folder, "review.md"), join(folder, "event.json")];
  writeFileSync(file, "## Review\n");
  writeFileSync(event, JSON.stringify({ pull_request: { number: 7, title: "$(touch /tmp/x)" } }));
});

const MARKER = "<!-- quickturn:review:review -->";
type Server = Awaited<ReturnType<typeof forgeServer>>;
const environmentOf = (kind: "github" | "gitlab", { url, token }: Server): NodeJS.ProcessEnv =>
  kind === "github"
    ? { GITHUB_API_URL: url, GITHUB_TOKEN: token, GITHUB_REPOSITORY: "acme/agents", GITHUB_EVENT_PATH: event }
    : {
        GITLAB_CI: "true",
        CI_API_V4_URL: `${url}/`,
        GITLAB_TOKEN: token,
        CI_PROJECT_ID: "42",
        CI_MERGE_REQUEST_IID: "7",
      };

/** Runs the command against a forge, and yields what it said, or its error. */
async function on(options: ForgeServerOptions, given: Partial<CommentOptions> = {}, changed: NodeJS.ProcessEnv = {}) {
  const server = await forgeServer(options);
  try {
    const result = await comment(context({ ...environmentOf(options.kind, server), ...changed }), {
      file,
      pauseMs: 1,
      ...given,
    }).catch((error: Error) => error);
    return {
      result,
      message: result instanceof Error ? result.message : "",
      text: result instanceof Error ? "" : result.text,
      comments: server.comments,
      asked: server.asked.map(({ method, url }) => `${method} ${url}`),
      token: server.token,
    };
  } finally {
    await server.stop();
  }
}

describe.each(["github", "gitlab"] as const)("%s", (kind) => {
  const own = kind === "github" ? { kind } : { kind, login: "project_42_bot" };
  const author = kind === "github" ? { login: "github-actions[bot]", isBot: true } : { login: "project_42_bot" };

  test("the first run creates one comment and prints its address", async () => {
    const { comments, text } = await on(own);
    expect(comments.map(({ body }) => body)).toEqual([`${MARKER}\n## Review\n`]);
    expect(text).toMatch(/^created https:\/\/forge\.example\.org\/\S+$/);
  });

  test("a later run updates that comment, on whichever page it is, and no other", async () => {
    const held = [
      ...Array.from({ length: 4 }, (_, index) => ({ login: "ada", body: `text ${index}` })),
      { ...author, body: `${MARKER}\nold` },
      { login: "ada", body: "last" },
    ];
    const { comments, text, asked } = await on({ ...own, held });
    expect(comments.map(({ body }) => body)).toEqual([
      "text 0",
      "text 1",
      "text 2",
      "text 3",
      `${MARKER}\n## Review\n`,
      "last",
    ]);
    expect(text).toMatch(/^updated /);
    expect(asked.filter((call) => call.includes("page="))).toHaveLength(3);
  });

  test("neither a person's comment with the marker nor an own comment that quotes it is changed", async () => {
    const { comments } = await on({
      ...own,
      held: [
        { login: "mallory", body: `${MARKER}\nmine` },
        { ...author, body: `> ${MARKER}\nquoted` },
      ],
    });
    expect(comments.map(({ body }) => body)).toEqual([
      `${MARKER}\nmine`,
      `> ${MARKER}\nquoted`,
      `${MARKER}\n## Review\n`,
    ]);
  });

  test("two names make two comments", async () => {
    const { comments } = await on({ ...own, held: [{ ...author, body: `${MARKER}\nold` }] }, { name: "production" });
    expect(comments.map(({ body }) => body.split("\n")[0])).toEqual([MARKER, "<!-- quickturn:review:production -->"]);
  });

  test("a comment that was created although its answer was lost is updated, not created again", async () => {
    const { comments, text, asked } = await on({ ...own, losesFirstPost: true });
    expect(text).toMatch(/^updated /);
    expect(asked.filter((call) => call.startsWith("POST"))).toHaveLength(1);
    expect(comments.map(({ body }) => body)).toEqual([`${MARKER}\n## Review\n`]);
  });

  test("a transient failure is retried, up to three attempts", async () => {
    expect(
      (await on({ ...own, instead: (_, count) => (count <= 2 ? { status: 503, body: "{}" } : undefined) })).comments,
    ).toHaveLength(1);
    const { message, asked } = await on({ ...own, instead: () => ({ status: 503, body: '{"message":"busy"}' }) });
    expect(asked).toHaveLength(3);
    expect(message).toContain("was answered 503: busy.");
  });

  test.each([
    [401, "The token is not accepted"],
    [
      403,
      kind === "github"
        ? "It takes the permission pull-requests: write"
        : "It takes the scope api and the role Reporter or higher.",
    ],
    [
      404,
      kind === "github"
        ? "There is no such pull request, or the token does not see the repository"
        : "There is no such merge request, or the token does not see the project",
    ],
  ])("%i is not retried, says what is needed, and shows no token", async (status, advice) => {
    const { message, asked, token } = await on({
      ...own,
      instead: ({ url }) => (url.startsWith("/user") ? undefined : { status, body: '{"message":"no"}' }),
    });
    expect(message).toContain(advice);
    expect(message).not.toContain(token);
    expect(asked.filter((call) => !call.endsWith("/user"))).toHaveLength(1);
  });
});

test("with a person's token on GitHub only that person's comment is updated, not a bot's", async () => {
  const { comments } = await on({
    kind: "github",
    login: "ada",
    held: [
      { login: "other[bot]", isBot: true, body: `${MARKER}\nbot` },
      { login: "ada", body: `${MARKER}\nold` },
    ],
  });
  expect(comments.map(({ body }) => body)).toEqual([`${MARKER}\nbot`, `${MARKER}\n## Review\n`]);
});

describe("a missing or wrong value is refused before any call", () => {
  const refused = async (
    changed: NodeJS.ProcessEnv,
    given: Partial<CommentOptions> = {},
    kind: "github" | "gitlab" = "github",
  ) => {
    const { message, asked } = await on({ kind, login: "ada" }, given, changed);
    expect(asked).toEqual([]);
    return message;
  };

  test.each(["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"])("%s", async (name) =>
    expect(await refused({ [name]: undefined })).toMatch(new RegExp(`^${name} is not set; it takes `)),
  );
  test.each(["GITLAB_TOKEN", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_API_V4_URL"])("%s", async (name) =>
    expect(await refused({ [name]: "" }, {}, "gitlab")).toMatch(new RegExp(`^${name} is not set; it takes `)),
  );

  test("an event that is no pull request's", async () => {
    const push = join(folder, "push.json");
    writeFileSync(push, "{}");
    expect(await refused({ GITHUB_EVENT_PATH: push })).toContain(
      "has no pull_request.number: the workflow was not started by a pull request. Give --number",
    );
  });

  test("a repository that is a path elsewhere", async () =>
    expect(await refused({ GITHUB_REPOSITORY: "../../x" })).toContain(
      'GITHUB_REPOSITORY is "../../x"; allowed: owner/name',
    ));
  test("a name that would close the marker", async () =>
    expect(await refused({}, { name: "a --> b" })).toContain('--name is "a --> b"; allowed: 1 to 64 letters'));
  test("another forge", async () =>
    expect(await refused({}, { on: "sourcehut" })).toContain('--on is "sourcehut"; allowed: github, gitlab'));
  test("a file that is not there", async () =>
    expect(await refused({}, { file: join(folder, "none.md") })).toMatch(
      /none\.md cannot be read: .*Write it: npx quickturn review --out/,
    ));

  test("a file that is too long for the forge", async () => {
    const long = join(folder, "long.md");
    writeFileSync(long, "x".repeat(65_536));
    expect(await refused({}, { file: long })).toContain(
      "is 65569 characters with its marker; allowed: 65536. Write it with `quickturn review --limit`",
    );
    expect((await on({ kind: "gitlab", login: "ada" }, { file: long })).comments).toHaveLength(1);
  });
});

test("--number needs no event", async () =>
  expect((await on({ kind: "github" }, { number: 7 }, { GITHUB_EVENT_PATH: undefined })).comments).toHaveLength(1));
